// Bars that lie: a name on the left of each, a figure behind it.
#include <fmt/format.h>

#include <algorithm>

#include "report/plot.hpp"
#include "report/plot_frame.hpp"
#include "report/plot_text.hpp"

namespace urb {
namespace {

constexpr int kBarHeight = 22;

}  // namespace

Panel make_bar_panel(const BarPanel& panel) {
  int left = 60;
  double most = 0;
  for (const Bar& bar : panel.bars) {
    left = std::max(left, name_width(bar.name));
    double sum = 0;
    for (const Bar::Part& part : bar.parts) sum += part.value;
    most = std::max({most, sum, bar.whisker ? bar.whisker->high : 0});
  }
  if (most <= 0) most = 1;
  const double limit = most * 1.22;  // room for the labels
  const bool has_second = !panel.second_axis.empty();
  const int top = kTitleHeight + (has_second ? kAxisHeight - 8 : 0);
  const int count = static_cast<int>(panel.bars.size());
  const int bottom = top + count * kBarHeight;
  Panel result{panel.title, "", bottom + kAxisHeight};

  std::string& script = result.script;
  std::string names;
  std::string parts;
  std::string strips;
  std::string whiskers;
  std::string labels;
  for (int index = 0; index < count; ++index) {
    const Bar& bar = panel.bars[static_cast<std::size_t>(index)];
    names += fmt::format("{}{} {}", index == 0 ? "" : ", ", quote(bar.name), index);
    double begin = 0;
    for (std::size_t part = 0; part < bar.parts.size(); ++part) {
      const double end = begin + bar.parts[part].value;
      parts += fmt::format("{} {:.6g} {:.6g} 0x{}\n", index, begin, end,
                           bar.parts[part].color.substr(1));
      if (part == 0 && bar.inner) {
        strips += fmt::format("{:.6g} {} {:.6g} 0\n", end, index, *bar.inner);
      }
      begin = end;
    }
    double behind = begin;
    if (bar.whisker && bar.whisker->low < bar.whisker->high) {
      whiskers += fmt::format("{:.6g} {} {:.6g} {:.6g}\n", bar.whisker->value, index,
                              bar.whisker->low, bar.whisker->high);
      behind = std::max(behind, bar.whisker->high);
    }
    labels += fmt::format("{:.6g} {} {}\n", behind, index, quote(bar.label));
  }
  script += frame(left, 14, top, bottom) + title_label(panel.title);
  script += fmt::format("set yrange [{}:-0.5]\nset ytics scale 0 ({})\nset xrange [0:{:.6g}]\n",
                        count - 0.5, names, limit);
  script +=
      fmt::format("set xtics nomirror norotate ({})\nset grid xtics\nset xlabel {} offset 0,0.4\n",
                  linear_ticks(0, limit, ""), quote(panel.axis));
  if (has_second) {
    const double second_limit = limit * panel.second_factor;
    script += fmt::format(
        "set x2range [0:{:.6g}]\nset x2tics font ',11' scale 0.5 ({})\nset x2label {} offset "
        "0,-0.6\n",
        second_limit, linear_ticks(0, second_limit, ""), quote(panel.second_axis));
  }
  script += "$parts << EOD\n" + parts + "EOD\n$labels << EOD\n" + labels + "EOD\n";
  script +=
      "plot $parts using 2:1:2:3:($1-0.32):($1+0.32):4 with boxxyerror fs solid 0.85 noborder lc "
      "rgb variable";
  if (!strips.empty()) {
    script += ", $strips using 1:2:3:4 with vectors nohead lw 4 lc rgb 'black'";
    script.insert(script.find("$labels << EOD"), "$strips << EOD\n" + strips + "EOD\n");
  }
  if (!whiskers.empty()) {
    script += ", $whiskers using 1:2:3:4 with xerrorbars pt 0 lw 1.2 lc rgb 'black'";
    script.insert(script.find("$labels << EOD"), "$whiskers << EOD\n" + whiskers + "EOD\n");
  }
  script += ", $labels using 1:2:3 with labels left offset 0.7,0\n";
  return result;
}

}  // namespace urb
