// Cells, the test that fits them, one metric after the other, then verdicts over all.
#include "compare/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "compare/cells.hpp"
#include "compare/pairing.hpp"
#include "compare/sides.hpp"
#include "row/warnings.hpp"
#include "stats/signed_rank.hpp"
#include "stats/summary.hpp"

namespace urb {
namespace {

constexpr double kPMax = 0.05;

// A cell that both files have.
struct CellPair {
  std::string name;
  const CellRows* base;
  const CellRows* next;
  std::vector<TrialPair> trials;  ///< neighbours in time; none where the files are not by turns
};

void refuse_few_repeats(const Side& side, const CellPair& pair, const CellRows& cell) {
  if (cell.rows.size() >= kRepeatsEnough) return;
  const std::string disturbed =
      cell.disturbed.empty() ? "" : fmt::format(", beside {} disturbed", cell.disturbed.size());
  throw UsageError(fmt::format(
      "{}: {} has {} repeat{} with figures{}, and fewer than {} say nothing about noise "
      "(measure with --repeats {} or more{})",
      side.name, pair.name, cell.rows.size(), cell.rows.size() == 1 ? "" : "s", disturbed,
      kRepeatsEnough, kRepeatsEnough,
      cell.disturbed.empty() ? "" : " on a quiet machine, or --accept-disturbed"));
}

// Takes signed ranks over neighbours where every cell was measured by turns, and says why or why
// not.
void choose_test(Comparison& comparison, std::vector<CellPair>& pairs) {
  std::size_t fewest = SIZE_MAX;
  for (CellPair& pair : pairs) {
    std::vector<const Row*> base = pair.base->rows;
    base.insert(base.end(), pair.base->disturbed.begin(), pair.base->disturbed.end());
    std::vector<const Row*> next = pair.next->rows;
    next.insert(next.end(), pair.next->disturbed.begin(), pair.next->disturbed.end());
    const std::size_t most = std::max(base.size(), next.size());
    pair.trials = neighbours_of(base, next);
    if (!are_by_turns(pair.trials.size(), most)) {
      comparison.test_reason = fmt::format(
          "The files were not measured by turns ({}: {} pair{} of neighbours in {} trials). So all "
          "trials of a side are one set: Mann–Whitney.",
          pair.name, pair.trials.size(), pair.trials.size() == 1 ? "" : "s", most);
      for (CellPair& each : pairs) each.trials.clear();
      return;
    }
    const auto is_left_out = [](const std::vector<const Row*>& rows, const Row* row) {
      return std::find(rows.begin(), rows.end(), row) != rows.end();
    };
    std::erase_if(pair.trials, [&](const TrialPair& trial) {
      return is_left_out(pair.base->disturbed, trial.base) ||
             is_left_out(pair.next->disturbed, trial.next);
    });
    fewest = std::min(fewest, pair.trials.size());
  }
  comparison.is_paired = true;
  comparison.test_reason = fmt::format(
      "The files were measured by turns. So neighbours in time are pairs, {} or more a cell: "
      "Wilcoxon's signed ranks.",
      fewest);
}

// All the figures, or nothing when one is missing or zero: a ratio needs both.
std::vector<double> figures_of(const CellRows& cell, const Metric& metric) {
  std::vector<double> figures;
  for (const Row* const row : cell.rows) {
    const Row::Figure figure = metric.figure_of(*row);
    if (!figure || !(*figure > 0) || !std::isfinite(*figure)) return {};
    figures.push_back(*figure);
  }
  return figures;
}

// With as many repeats on either side as are needed for the smallest p-value to survive Holm's
// correction in a family of `count`.
std::size_t find_repeats_needed(bool is_paired, std::size_t count) {
  const auto least = [is_paired](std::size_t repeats) {
    return is_paired ? smallest_signed_rank_p(repeats) : smallest_p(repeats, repeats);
  };
  std::size_t repeats = kRepeatsEnough;
  while (least(repeats) * static_cast<double>(count) >= kPMax) ++repeats;
  return repeats;
}

// All that is shown is one family: a reader looks at all of it.
void judge(Comparison& comparison) {
  std::vector<double> p;
  double p_possible = 1;
  for (const MetricComparison& metric : comparison.metrics) {
    for (const Change& change : metric.changes) {
      p.push_back(change.p);
      p_possible = std::min(p_possible, comparison.is_paired
                                            ? smallest_signed_rank_p(change.pair_count)
                                            : smallest_p(change.base.size(), change.next.size()));
    }
  }
  comparison.family_size = p.size();
  if (p_possible * static_cast<double>(p.size()) >= kPMax) {
    comparison.repeats_needed = find_repeats_needed(comparison.is_paired, p.size());
  }
  const std::vector<double> corrected = holm_corrected(p);
  std::size_t index = 0;
  for (MetricComparison& metric : comparison.metrics) {
    std::vector<double> ratios;
    for (Change& change : metric.changes) {
      ratios.push_back(change.interval.ratio);
      change.p_corrected = corrected[index++];
      if (change.p_corrected >= kPMax || change.interval.includes_no_change()) continue;
      const bool is_more = change.interval.ratio > 1;
      change.verdict = is_more == metric.metric->more_is_better ? Verdict::better : Verdict::worse;
      const double percent = std::abs(change.interval.ratio - 1) * 100;
      change.beyond_threshold =
          change.verdict == Verdict::worse && percent > comparison.threshold_percent;
    }
    metric.mean_ratio = geometric_mean(ratios);
  }
}

void test_pairs(Change& change, const std::vector<TrialPair>& trials, const Metric& metric) {
  std::vector<double> ratios;
  std::vector<double> logs;
  for (const TrialPair& trial : trials) {
    ratios.push_back(*metric.figure_of(*trial.next) / *metric.figure_of(*trial.base));
    logs.push_back(std::log(ratios.back()));
  }
  const MedianInterval interval = paired_ratio_interval(ratios);
  change.pair_count = ratios.size();
  change.interval = {interval.median, interval.low, interval.high, interval.confidence};
  change.p = signed_rank_p(logs);
}

MetricComparison compare_metric(const std::vector<CellPair>& pairs, const Metric& metric) {
  MetricComparison comparison;
  comparison.metric = &metric;
  for (const CellPair& pair : pairs) {
    Change change;
    change.cell = pair.name;
    change.base = figures_of(*pair.base, metric);
    change.next = figures_of(*pair.next, metric);
    if (change.base.empty() || change.next.empty()) {
      comparison.unknown.push_back(pair.name);
      continue;
    }
    change.base_median = median_of(change.base);
    change.next_median = median_of(change.next);
    const bool is_base_limited = are_limited_by_client(pair.base->rows);
    const bool is_next_limited = are_limited_by_client(pair.next->rows);
    if (metric.is_rate() && (is_base_limited || is_next_limited)) {
      comparison.limited.push_back(
          {pair.name, change.base_median, is_base_limited, change.next_median, is_next_limited});
      continue;
    }
    if (pair.trials.empty()) {
      change.interval = ratio_interval(change.base, change.next);
      change.p = mann_whitney_p(change.base, change.next);
    } else {
      test_pairs(change, pair.trials, metric);
    }
    comparison.changes.push_back(std::move(change));
  }
  return comparison;
}

}  // namespace

std::string_view name_of(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::better: return "better";
    case Verdict::worse: return "worse";
    case Verdict::noise: break;
  }
  return "noise";
}

bool Comparison::found_regression() const noexcept {
  return std::any_of(metrics.begin(), metrics.end(), [](const MetricComparison& metric) {
    return std::any_of(metric.changes.begin(), metric.changes.end(),
                       [](const Change& change) { return change.beyond_threshold; });
  });
}

Comparison compare_rows(const Side& base, const Side& next, std::span<const Metric* const> metrics,
                        const CompareRules& rules) {
  const std::vector<CellRows> base_cells = group_by_cell(base.rows, rules.accepts_disturbed);
  const std::vector<CellRows> next_cells = group_by_cell(next.rows, rules.accepts_disturbed);
  for (const auto& [side, cells] : {std::pair{&base, &base_cells}, {&next, &next_cells}}) {
    if (cells->empty()) throw UsageError(side->name + ": no row has figures (nothing to compare)");
  }
  refuse_other_methods(base, next);

  Comparison comparison;
  comparison.base = describe(base, rules.accepts_disturbed);
  comparison.next = describe(next, rules.accepts_disturbed);
  comparison.notes = find_notes(base, next);
  comparison.threshold_percent = rules.threshold_percent;
  const CellNames names{base_cells, next_cells};
  std::vector<CellPair> pairs;
  for (const CellRows& cell : base_cells) {
    if (const CellRows* const other = find_cell(next_cells, cell.key)) {
      pairs.push_back({names.name_of(cell.key), &cell, other, {}});
    } else {
      comparison.base_only.push_back(names.name_of(cell.key));
    }
  }
  for (const CellRows& cell : next_cells) {
    if (find_cell(base_cells, cell.key) == nullptr) {
      comparison.next_only.push_back(names.name_of(cell.key));
    }
  }
  if (pairs.empty()) {
    const std::string what = describe_disjoint(base_cells, next_cells);
    throw UsageError(fmt::format("{} and {} have no cell in common{}{} (measure the same workload)",
                                 base.name, next.name, what.empty() ? "" : ", they differ in ",
                                 what));
  }
  for (const CellPair& pair : pairs) {
    refuse_few_repeats(base, pair, *pair.base);
    refuse_few_repeats(next, pair, *pair.next);
  }
  choose_test(comparison, pairs);
  for (const Metric* const metric : metrics) {
    MetricComparison changes = compare_metric(pairs, *metric);
    // Else a gate that asks for it could never close.
    if (changes.changes.empty() && changes.limited.empty()) {
      throw UsageError(
          fmt::format("no cell has {} above zero in all rows of both files (leave it "
                      "out with --metric)",
                      metric->name));
    }
    comparison.metrics.push_back(std::move(changes));
  }
  judge(comparison);
  return comparison;
}

}  // namespace urb
