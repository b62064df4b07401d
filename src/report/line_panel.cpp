// Lines, each with its name at its end.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "report/plot.hpp"
#include "report/plot_frame.hpp"
#include "report/plot_text.hpp"

namespace urb {
namespace {

constexpr int kLineHeight = 230;  ///< of the area in which lines are
constexpr int kLeft = 74;         ///< room for ticks and axis title
constexpr double kLabelGap = 15;  ///< pixels between the names of two lines

// Dashes and marks tell lines apart where colours do not, as those of one mode's data paths.
std::string line_style(std::size_t index, const std::string& mode) {
  constexpr std::array kMarks{7, 5, 9, 13, 11, 6, 4, 8, 12, 10};
  return fmt::format("lw 1.6 lc rgb '{}' dt {} pt {} ps 0.55", color_of(mode),
                     mode.find(' ') == std::string::npos ? 1 : 2 + index % 3,
                     kMarks[index % kMarks.size()]);
}

struct Range {
  double low;
  double high;
};

Range y_range(const LinePanel& panel) {
  double low = INFINITY;
  double high = -INFINITY;
  for (const Line& line : panel.lines) {
    for (const Line::Point& point : line.points) {
      low = std::min(low, point.y.low);
      high = std::max(high, point.y.high);
    }
  }
  switch (panel.y_scale) {
    case LinePanel::Scale::linear_from_zero: return {0, high > 0 ? high * 1.08 : 1};
    case LinePanel::Scale::linear: {
      // At least 2 wide, of what are percents, or rounding fills the panel.
      const double margin = std::max((high - low) * 0.08, 1 - (high - low) / 2);
      return {low - margin, high + margin};
    }
    case LinePanel::Scale::logarithmic: break;
  }
  // At least a factor of 1.5, or noise fills the panel.
  const double factor = std::max(std::sqrt(1.5 * low / high), 1.08);
  return {low / factor, high * factor};
}

double place(double value, const Range& range, bool is_logarithmic) {
  if (is_logarithmic) return std::log(value / range.low) / std::log(range.high / range.low);
  return (value - range.low) / (range.high - range.low);
}

std::string line_labels(const LinePanel& panel, const Range& range, int right) {
  const bool is_logarithmic = panel.y_scale == LinePanel::Scale::logarithmic;
  struct Label {
    std::string name;
    double place;
  };
  std::vector<Label> labels;
  for (const Line& line : panel.lines) {
    if (line.points.empty()) continue;
    labels.push_back({line.name, place(line.points.back().y.value, range, is_logarithmic)});
  }
  std::stable_sort(labels.begin(), labels.end(),
                   [](const Label& left, const Label& other) { return left.place < other.place; });
  std::vector<double> wanted;
  for (const Label& label : labels) wanted.push_back(label.place);
  const std::vector<double> places = spread(wanted, kLabelGap / kLineHeight, 0, 1);
  std::string script;
  for (std::size_t index = 0; index < labels.size(); ++index) {
    script += fmt::format("set label {} {} at screen X({}), graph {:.4f} left tc rgb '{}'\n",
                          index + 2, quote(labels[index].name), kPlotColumnWidth - right + 8,
                          places[index], color_of(labels[index].name));
  }
  return script;
}

// Whether a label of the x axis, which is `width` long and goes from `first` to `last`, would reach
// into the next.
bool would_overlap(const LinePanel& panel, double first, double last, int width) {
  const auto scaled = [&](double at) { return panel.is_x_logarithmic ? std::log2(at) : at; };
  const double scale = width / (scaled(last) - scaled(first));
  for (std::size_t index = 1; index < panel.x_ticks.size(); ++index) {
    const LinePanel::Tick& before = panel.x_ticks[index - 1];
    const LinePanel::Tick& tick = panel.x_ticks[index];
    const double distance = (scaled(tick.at) - scaled(before.at)) * scale;
    if (distance < (name_width(before.label) + name_width(tick.label)) / 2.0) return true;
  }
  return false;
}

}  // namespace

Panel make_line_panel(const LinePanel& panel) {
  int right = 40;
  for (const Line& line : panel.lines) right = std::max(right, name_width(line.name) + 8);
  const Range range = y_range(panel);
  const bool is_logarithmic = panel.y_scale == LinePanel::Scale::logarithmic;
  const int bottom = kTitleHeight + 6 + kLineHeight;

  double first = panel.x_ticks.front().at;
  double last = panel.x_ticks.back().at;
  const double margin =
      panel.is_x_logarithmic ? std::pow(last / first, 0.04) : (last - first) * 0.04;
  first = panel.is_x_logarithmic ? first / margin : first - margin;
  last = panel.is_x_logarithmic ? last * margin : last + margin;
  if (!(last > first)) first -= 0.5, last += 0.5;  // one kernel alone
  const bool is_crowded = would_overlap(panel, first, last, kPlotColumnWidth - kLeft - right);
  Panel result{panel.title, "", bottom + kAxisHeight + (is_crowded ? 34 : 0)};

  std::string& script = result.script;
  script += frame(kLeft, right, kTitleHeight + 6, bottom) + title_label(panel.title);
  if (panel.is_x_logarithmic) script += "set logscale x 2\n";
  if (is_logarithmic) script += "set logscale y\n";
  script += fmt::format("set xrange [{:.6g}:{:.6g}]\nset yrange [{:.6g}:{:.6g}]\n", first, last,
                        range.low, range.high);
  std::string ticks;
  for (const LinePanel::Tick& tick : panel.x_ticks) {
    ticks += fmt::format("{}{} {:.6g}", ticks.empty() ? "" : ", ", quote(tick.label), tick.at);
  }
  script += fmt::format("set xtics nomirror {} ({})\n",
                        is_crowded ? "rotate by 35 right" : "norotate", ticks);
  if (is_logarithmic) {
    script +=
        fmt::format("set ytics nomirror ({})\n", log_ticks(range.low, range.high, panel.unit));
  } else {
    script += fmt::format("set ytics nomirror ({})\n", linear_ticks(range.low, range.high, ""));
  }
  // gnuplot would place the name by the width of the ticks, some of it beyond the edge.
  script += fmt::format(
      "set grid ytics\nset xlabel {} offset 0,0.4\n"
      "set label 99 {} at screen X(14), graph 0.5 center rotate by 90\n",
      quote(panel.x_axis), quote(panel.y_axis));
  script += line_labels(panel, range, right);
  std::string plots;
  for (std::size_t index = 0; index < panel.lines.size(); ++index) {
    const Line& line = panel.lines[index];
    if (line.points.empty()) continue;
    script += fmt::format("$line{} << EOD\n", index);
    bool has_interval = false;
    for (const Line::Point& point : line.points) {
      script += fmt::format("{:.6g} {:.6g} {:.6g} {:.6g}\n", point.x, point.y.value, point.y.low,
                            point.y.high);
      has_interval = has_interval || point.y.low < point.y.high;
    }
    script += "EOD\n";
    const std::string style = line_style(index, line.name);
    plots += fmt::format("{}$line{} using 1:2 with linespoints {}", plots.empty() ? "plot " : ", ",
                         index, style);
    if (has_interval) {
      // Error bars would wipe out what lies below their marks.
      plots +=
          fmt::format(", $line{} using 1:3:(0):($4-$3) with vectors nohead lw 1 dt 1 lc rgb '{}'",
                      index, color_of(line.name));
    }
  }
  script += plots + "\n";
  return result;
}

}  // namespace urb
