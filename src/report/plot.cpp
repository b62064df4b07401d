// Two columns of panels at fixed places, so that texts of any length meet nothing.
#include "report/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

#include "report/markdown.hpp"
#include "report/plot_frame.hpp"
#include "report/plot_text.hpp"

namespace urb {
namespace {

constexpr int kLegendHeight = 28;

}  // namespace

std::string frame(int left, int right, int top, int bottom) {
  return fmt::format(
      "set lmargin at screen X({})\nset rmargin at screen X({})\n"
      "set tmargin at screen Y({})\nset bmargin at screen Y({})\n",
      left, kPlotColumnWidth - right, top, bottom);
}

std::string title_label(const std::string& title) {
  return fmt::format("set label 1 {} at screen X(8), screen Y(12) left font ',13'\n", quote(title));
}

int name_width(const std::string& name) { return static_cast<int>(shown_width(name)) * 7 + 14; }

std::string color_of(const std::string& mode) {
  struct Known {
    std::string_view mode;
    std::string_view color;
  };
  constexpr std::array kKnown{Known{"cluster", "#0072b2"},  Known{"socket", "#d55e00"},
                              Known{"passthru", "#009e73"}, Known{"direct", "#808080"},
                              Known{"msgring", "#cc79a7"},  Known{"msgring-head", "#b8860b"}};
  const std::string_view name = std::string_view{mode}.substr(0, mode.find(' '));
  for (const Known& known : kKnown) {
    if (known.mode == name) return std::string{known.color};
  }
  // Others get one by their name, so that it is the same in every picture.
  constexpr std::array<std::string_view, 8> kOthers{"#56b4e9", "#7b68ee", "#a0522d", "#5f9ea0",
                                                    "#e69f00", "#4682b4", "#c2185b", "#6b8e23"};
  const auto sum = std::accumulate(name.begin(), name.end(), 0U, [](unsigned total, char c) {
    return total * 31 + static_cast<unsigned char>(c);
  });
  return std::string{kOthers[sum % kOthers.size()]};
}

std::string make_script(const std::vector<Panel>& panels, const Legend& legend) {
  const int legend_height = legend.entries.empty() ? 0 : kLegendHeight;
  int height = legend_height + 6;
  for (std::size_t index = 0; index < panels.size(); index += kPlotColumns) {
    int row = panels[index].height;
    if (index + 1 < panels.size()) row = std::max(row, panels[index + 1].height);
    height += row;
  }
  std::string script = fmt::format(
      "set encoding utf8\nset terminal svg size {},{} fixed font 'sans-serif,12' noenhanced "
      "butt dashlength 0.7\nset border lw 0.6\nset style line 100 lc rgb '#a0a0a0' lw 0.5 dt 3\n"
      "set multiplot\nset key off\nset tics font ',11' scale 0.5\n",
      kPlotWidth, height);
  int left = 8;
  for (std::size_t index = 0; index < legend.entries.size(); ++index) {
    const Legend::Entry& entry = legend.entries[index];
    script += fmt::format(
        "set object {0} rectangle from screen {1:.5f}, screen {2:.5f} to screen {3:.5f}, screen "
        "{4:.5f} fc rgb '{5}' fs solid 0.85 noborder\n"
        "set label {6} {7} at screen {8:.5f}, screen {9:.5f} left\n",
        index + 1, double(left) / kPlotWidth, 1 - 18.0 / height, double(left + 12) / kPlotWidth,
        1 - 6.0 / height, entry.color, 100 + index, quote(entry.name),
        double(left + 18) / kPlotWidth, 1 - 12.0 / height);
    left += 18 + name_width(entry.name) + 10;
  }
  int top = legend_height;
  int row_height = 0;
  for (std::size_t index = 0; index < panels.size(); ++index) {
    const int column = static_cast<int>(index % kPlotColumns);
    if (column == 0) {
      top += row_height;
      row_height = 0;
    }
    row_height = std::max(row_height, panels[index].height);
    script += fmt::format("X(x) = (x + {}) / {}.0\nY(y) = 1 - (y + {}) / {}.0\n",
                          column * kPlotColumnWidth, kPlotWidth, top, height);
    script += panels[index].script;
    // What one panel set is not the next one's.
    script +=
        "unset label\nunset object\nunset logscale\nunset x2tics\nunset x2label\nunset grid\n"
        "unset xlabel\nset autoscale\n";
  }
  return script + "unset multiplot\n";
}

std::vector<double> spread(std::vector<double> wanted, double gap, double low, double high) {
  if (wanted.empty()) return wanted;
  std::vector<std::size_t> order(wanted.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    return wanted[left] < wanted[right];
  });
  // Neighbours that are too near make a group around the mean of where they want to be.
  struct Group {
    double middle;
    std::size_t count;
  };
  std::vector<Group> groups;
  const double span = high - low;
  const auto hold = [&](Group group) {
    const double half = gap * static_cast<double>(group.count - 1) / 2;
    if (half * 2 <= span) group.middle = std::clamp(group.middle, low + half, high - half);
    return group;
  };
  for (const std::size_t index : order) {
    groups.push_back(hold({wanted[index], 1}));
    while (groups.size() > 1) {
      const Group& last = groups.back();
      const Group& before = groups[groups.size() - 2];
      const double apart = last.middle - before.middle;
      if (apart >= gap * static_cast<double>(last.count + before.count) / 2 - 1e-9) break;
      const std::size_t count = last.count + before.count;
      const double middle = (last.middle * static_cast<double>(last.count) +
                             before.middle * static_cast<double>(before.count)) /
                            static_cast<double>(count);
      groups.pop_back();
      groups.back() = hold({middle, count});
    }
  }
  std::size_t at = 0;
  for (const Group& group : groups) {
    for (std::size_t member = 0; member < group.count; ++member) {
      wanted[order[at++]] = group.middle + gap * (static_cast<double>(member) -
                                                  static_cast<double>(group.count - 1) / 2);
    }
  }
  return wanted;
}

}  // namespace urb
