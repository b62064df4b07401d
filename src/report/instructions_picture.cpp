// Instructions per request by kernel version: how many, and what changed since the first kernel of
// each line.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "report/pictures.hpp"
#include "report/tables.hpp"
#include "stats/summary.hpp"

namespace urb {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string cut_release(const std::string& release) {
  std::size_t end = 0;
  while (end < release.size() && (is_digit(release[end]) || release[end] == '.')) ++end;
  // "-rc7" and the "-56" of a distribution tell kernels apart, names of flavours do not.
  std::size_t after = end;
  if (after < release.size() && release[after] == '-') {
    ++after;
    if (release.compare(after, 2, "rc") == 0) after += 2;
    const std::size_t digits = after;
    while (after < release.size() && is_digit(release[after])) ++after;
    if (after > digits) end = after;
  }
  return end == 0 ? release : release.substr(0, end);
}

struct KernelCurves {
  std::map<std::string, std::map<std::size_t, std::vector<double>>> by_mode;  ///< and kernel
};

std::vector<Panel> make_kernel_panels(const std::string& title, const KernelCurves& curves,
                                      const std::vector<std::string>& modes,
                                      const std::vector<LinePanel::Tick>& ticks, Kind kind) {
  LinePanel counts{
      title,
      "kernel",
      kind == Kind::operations ? "instructions per operation" : "instructions per request",
      false,
      ticks,
      LinePanel::Scale::logarithmic,
      "",
      {}};
  LinePanel changes{title, "kernel", "change since the first kernel, percent",
                    false, ticks,    LinePanel::Scale::linear,
                    "",    {}};
  for (const std::string& mode : modes) {
    const auto curve = curves.by_mode.find(mode);
    if (curve == curves.by_mode.end()) continue;
    Line count{mode, {}};
    Line change{mode, {}};
    const double first = median_of(curve->second.begin()->second);
    for (const auto& [kernel, samples] : curve->second) {
      const Estimate now = estimate(samples);
      const auto percent = [first](double figure) { return (figure / first - 1) * 100; };
      count.points.push_back({double(kernel), now});
      change.points.push_back(
          {double(kernel), {percent(now.value), percent(now.low), percent(now.high)}});
    }
    counts.lines.push_back(std::move(count));
    if (change.points.size() > 1) changes.lines.push_back(std::move(change));
  }
  std::vector<Panel> panels{make_line_panel(counts)};
  if (!changes.lines.empty()) panels.push_back(make_line_panel(changes));
  return panels;
}

}  // namespace

std::string short_release(const std::string& release, const std::vector<std::string>& kernels) {
  const std::string cut = cut_release(release);
  const auto same = std::count_if(kernels.begin(), kernels.end(), [&](const std::string& other) {
    return cut_release(other) == cut;
  });
  return same > 1 ? release : cut;
}

std::optional<Picture> instructions_picture(const std::vector<Row>& rows, const std::string& name,
                                            Kind kind) {
  const std::vector<std::string> kernels = kernels_in_order(rows);
  std::vector<LinePanel::Tick> ticks;
  for (std::size_t index = 0; index < kernels.size(); ++index) {
    ticks.push_back({static_cast<double>(index), short_release(kernels[index], kernels)});
  }
  if (kernels.size() < 2) return std::nullopt;
  std::map<std::pair<std::uint64_t, bool>, KernelCurves> cells;
  for (const Row& row : rows) {
    // A logarithm of nothing is no place.
    if (row.status != Status::ok || row.instructions_per_request.value_or(0) <= 0) continue;
    const auto kernel = std::find(kernels.begin(), kernels.end(), row.kernel) - kernels.begin();
    const bool is_request = kind == Kind::requests;
    cells[{is_request ? row.body_bytes : 0, is_request && row.reuse}]
        .by_mode[row.mode][static_cast<std::size_t>(kernel)]
        .push_back(*row.instructions_per_request);
  }
  const std::vector<std::string> modes = modes_in_order(rows);
  std::vector<Panel> panels;
  for (const auto& [cell, curves] : cells) {
    const std::string title = kind == Kind::operations
                                  ? "single kernel operations"
                                  : fmt::format("{} bodies, {}", format_body(Bytes{cell.first}),
                                                cell.second ? "reuse" : "no reuse");
    std::vector<Panel> pair = make_kernel_panels(title, curves, modes, ticks, kind);
    // Each cell has a row of its own.
    if (panels.size() % 2 != 0) panels.push_back(Panel{});
    for (Panel& panel : pair) panels.push_back(std::move(panel));
  }
  if (panels.empty()) return std::nullopt;
  return Picture{name,
                 fmt::format("Instructions per {} by kernel version, a line for each: their number "
                             "on the left, the change since the first kernel on the right",
                             kind == Kind::operations ? "operation" : "request"),
                 make_script(panels)};
}

}  // namespace urb
