#include "experiment/precision.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "report/metrics.hpp"
#include "report/rounds.hpp"
#include "report/tables.hpp"
#include "row/warnings.hpp"
#include "stats/summary.hpp"

namespace urb {
namespace {

constexpr std::string_view kRate = "req/s";
constexpr std::array<std::string_view, 2> kJudged{kRate, "total-cpu/req"};

// The one place that says which interval is taken: the ratio's, or that of the cell alone.
MedianInterval interval_of(const Cell& cell, const Cell& reference, const Metric& metric) {
  if (&cell == &reference) return median_interval(cell.figures(metric));
  return compare_rounds(cell, reference, metric, RoundComparison::Kind::ratio).interval;
}

bool says_rate(const Cell& cell) {
  const bool is_open_loop = cell.median(&Row::rate_requested).has_value();
  return !is_open_loop && !cell.is_limited_by_client();
}

std::string group_name(const Cell& cell) {
  if (cell.mode.starts_with("micro-")) return cell.mode;  // nobody compares two operations
  return fmt::format("{} {}", format_body(cell.body), cell.reuse ? "reuse" : "no reuse");
}

// More rounds may give it figures: it has some, or has none because of what else ran.
bool can_go_on(const Cell& cell) { return cell.has_figures() || cell.disturbed_count != 0; }

// Takes one figure of one cell into the verdict on its group.
void judge(GroupPrecision& group, const Cell& cell, const Cell& reference, const Metric& metric) {
  const MedianInterval interval = interval_of(cell, reference, metric);
  const bool is_first = group.state == GroupPrecision::State::unjudged;
  group.state = GroupPrecision::State::open;
  group.rounds = is_first ? interval.sample_count : std::min(group.rounds, interval.sample_count);
  if (interval.median <= 0) return;
  const double deviation =
      std::max(interval.high - interval.median, interval.median - interval.low) / interval.median;
  if (group.deviation && *group.deviation >= deviation) return;
  group.deviation = deviation;
  group.widest = fmt::format("{}, {}", cell.name(), metric.name);
}

void judge(GroupPrecision& group, const std::vector<Cell>& cells, double precision) {
  const auto reference =
      std::find_if(group.cells.begin(), group.cells.end(),
                   [&cells](std::size_t place) { return is_reference(cells[place]); });
  const Cell& to = cells[reference == group.cells.end() ? group.cells.front() : *reference];
  for (const std::size_t place : group.cells) {
    const Cell& cell = cells[place];
    if (&cell == &to && group.cells.size() > 1) continue;
    for (const std::string_view name : kJudged) {
      const Metric& metric = *find_metric(name);
      if (name == kRate && !(says_rate(cell) && says_rate(to))) continue;
      const bool is_known = !cell.has_figures() || !cell.figures(metric).empty();
      if (is_known) judge(group, cell, to, metric);
    }
  }
  if (group.state != GroupPrecision::State::open) return;
  // Of fewer, even the whole range covers the median too seldom.
  if (group.rounds < kRepeatsEnough) group.deviation.reset();
  if (group.deviation && *group.deviation <= precision)
    group.state = GroupPrecision::State::reached;
}

}  // namespace

std::vector<GroupPrecision> judge_precision(const std::vector<Cell>& cells, double precision) {
  std::vector<GroupPrecision> groups;
  for (std::size_t place = 0; place < cells.size(); ++place) {
    const Cell& cell = cells[place];
    const std::string name = group_name(cell);
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&name](const GroupPrecision& known) { return known.name == name; });
    if (group == groups.end()) {
      groups.push_back({.name = name, .body = cell.body, .reuse = cell.reuse});
      group = groups.end() - 1;
    }
    if (can_go_on(cell)) group->cells.push_back(place);
  }
  for (GroupPrecision& group : groups) {
    if (!group.cells.empty()) judge(group, cells, precision);
  }
  return groups;
}

}  // namespace urb
