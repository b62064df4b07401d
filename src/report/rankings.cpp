#include "report/rankings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "row/warnings.hpp"

namespace urb {
namespace {

constexpr std::string_view kRequests = "requests_per_s";
constexpr std::string_view kServerCpu = "cpu_us_per_request_server";

// With one of these a time says nothing about the mode.
constexpr std::array kForbidding{Warning::debug_build,    Warning::sanitized_build,
                                 Warning::cpu_burned,     Warning::emulated_cpu,
                                 Warning::window_stalled, Warning::cpu_throttled};

std::string format_times(double ratio) {
  return fmt::format("{:.{}f}", ratio, std::abs(ratio - 1) < 0.095 ? 3 : 2);
}

std::string claim(const Finding& finding, const Metric& metric) {
  const MedianInterval& interval = finding.ratio->interval;
  const std::string times = fmt::format("{} times ({} to {})", format_times(interval.median),
                                        format_times(interval.low), format_times(interval.high));
  if (metric.column == kRequests) {
    return fmt::format("{} answers {} the requests per second of {}.", finding.of->name(), times,
                       finding.to->name());
  }
  return fmt::format("{} needs {} the server CPU per request of {}.", finding.of->name(), times,
                     finding.to->name());
}

std::string forbidding_warnings(const Cell& of, const Cell& to) {
  std::map<std::string, std::size_t> counts = of.warning_counts();
  counts.merge(to.warning_counts());
  std::string names;
  for (const Warning warning : kForbidding) {
    const std::string name{name_of(warning)};
    if (counts.contains(name)) names += (names.empty() ? "" : ", ") + name;
  }
  return names;
}

// Why no order may be claimed; empty when one may.
std::string objection(const Finding& finding, const Metric& metric) {
  const Cell& of = *finding.of;
  const Cell& to = *finding.to;
  const std::string both = of.name() + " and " + to.name();
  if (const std::string names = forbidding_warnings(of, to); !names.empty()) {
    return fmt::format("{} cannot be ranked, because their trials carry the warning {}.", both,
                       names);
  }
  if (metric.is_rate()) {
    for (const Cell* const cell : {&of, &to}) {
      if (!cell->is_limited_by_client()) continue;
      return fmt::format(
          "The client was the limit in most trials of {}, so requests per second do not rank {}.",
          cell->name(), both);
    }
  }
  const std::size_t rounds = finding.ratio->interval.sample_count;
  if (rounds == 0) {
    return fmt::format("{} were not measured in the same rounds, so their order is open.", both);
  }
  if (rounds < kRepeatsEnough) {
    return fmt::format("{} have {} common trial{}, and fewer than {} cannot order them.", both,
                       rounds, rounds == 1 ? "" : "s", kRepeatsEnough);
  }
  if (finding.ratio->interval.low <= 1 && finding.ratio->interval.high >= 1) {
    return fmt::format("{} are within what {} trials can tell.", both, rounds);
  }
  return "";
}

struct Ranked {
  const Cell* cell;
  double median;
};

// Best first.
std::vector<Ranked> rank(const std::vector<const Cell*>& cells, const Metric& metric) {
  std::vector<Ranked> ranked;
  for (const Cell* const cell : cells) {
    const std::vector<double> figures = cell->figures(metric);
    if (!figures.empty()) ranked.push_back({cell, median_of(figures)});
  }
  std::stable_sort(ranked.begin(), ranked.end(), [&](const Ranked& left, const Ranked& right) {
    return metric.more_is_better ? left.median > right.median : left.median < right.median;
  });
  return ranked;
}

Finding lead_of(const std::vector<Ranked>& ranked, const Metric& metric) {
  if (ranked.size() > 1) return hold_against(*ranked[0].cell, *ranked[1].cell, metric);
  Finding finding;
  finding.of = ranked.front().cell;
  finding.text = fmt::format("Only {} was measured here.", finding.of->name());
  return finding;
}

}  // namespace

std::string_view name_of(Certainty certainty) noexcept {
  switch (certainty) {
    case Certainty::sure: return "sure";
    case Certainty::undecided: return "undecided";
    case Certainty::alone: break;
  }
  return "alone";
}

Finding hold_against(const Cell& of, const Cell& to, const Metric& metric) {
  Finding finding{&of, &to, {}, Certainty::undecided, ""};
  finding.ratio = compare_rounds(of, to, metric, RoundComparison::Kind::ratio);
  finding.text = objection(finding, metric);
  if (finding.text.empty()) {
    finding.certainty = Certainty::sure;
    finding.text = claim(finding, metric);
  }
  return finding;
}

std::vector<Ranking> rank_cells(const Section& section, const Setting& setting) {
  if (setting.is_operations) return {};
  std::map<std::pair<bool, Bytes>, std::vector<const Cell*>> groups;
  for (const Cell& cell : setting.cells) groups[{cell.reuse, cell.body}].push_back(&cell);
  std::vector<Ranking> rankings;
  for (const auto& [group, cells] : groups) {
    for (const std::string_view column : {kRequests, kServerCpu}) {
      // In the open loop all modes answer what was asked for.
      if (column == kRequests && !value_of(setting.values, "rate_requested").empty()) continue;
      const Metric& metric = *find_metric_of_column(column);
      std::vector<Ranked> ranked = rank(cells, metric);
      if (ranked.empty()) continue;
      const auto found = std::find_if(ranked.begin(), ranked.end(),
                                      [](const Ranked& each) { return is_reference(*each.cell); });
      std::optional<Ranked> reference;
      if (found != ranked.end() && ranked.size() > 2) {
        reference = *found;
        ranked.erase(found);
      }
      Ranking ranking{&section, &setting, group.second, group.first, &metric, {}, {}};
      ranking.lead = lead_of(ranked, metric);
      if (reference) {
        ranking.reference = hold_against(*ranked.front().cell, *reference->cell, metric);
      }
      rankings.push_back(std::move(ranking));
    }
  }
  return rankings;
}

}  // namespace urb
