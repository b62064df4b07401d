// Refusals, then one metric after the other.
#include "compare/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "compare/cells.hpp"
#include "row/repeated_rows.hpp"
#include "row/warnings.hpp"
#include "stats/summary.hpp"

namespace urb {
namespace {

constexpr double kPMax = 0.05;

struct Pair {
  std::string name;
  const CellRows* base;
  const CellRows* next;
};

Source describe(const Side& side) {
  Source source;
  source.name = side.name;
  for (const Row& row : side.rows) {
    if (row.status != Status::ok) {
      ++source.left_out;
      continue;
    }
    ++source.row_count;
    if (std::find(source.runs.begin(), source.runs.end(), row.run_id) == source.runs.end()) {
      source.runs.push_back(row.run_id);
    }
  }
  return source;
}

// The distinct values of a column, as one text.
template <class Field>
std::string values_of(const Side& side, Field field) {
  std::set<std::string> values;
  for (const Row& row : side.rows) {
    if (row.status == Status::ok) values.insert(field(row));
  }
  std::string text;
  for (const std::string& value : values) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", value.empty() ? "unknown" : value);
  }
  return text;
}

void refuse_other_methods(const Side& base, const Side& next) {
  const auto method_of = [](const Row& row) { return fmt::format("{}", row.method); };
  const auto schema_of = [](const Row& row) { return fmt::format("{}", row.schema); };
  const std::string methods = values_of(base, method_of);
  if (methods != values_of(next, method_of) || methods.find(',') != std::string::npos) {
    throw UsageError(fmt::format(
        "{} was measured by method {}, {} by method {}: a change between them would be one of the "
        "meter (measure both with the same version; CHANGELOG.md says what changed)",
        base.name, methods, next.name, values_of(next, method_of)));
  }
  const std::string schemas = values_of(base, schema_of);
  if (schemas != values_of(next, schema_of) || schemas.find(',') != std::string::npos) {
    throw UsageError(fmt::format("{} has rows of schema {}, {} of schema {} (measure both again)",
                                 base.name, schemas, next.name, values_of(next, schema_of)));
  }
}

void refuse_few_repeats(const Side& side, const Pair& pair, const CellRows& cell) {
  if (cell.rows.size() >= kRepeatsEnough) return;
  throw UsageError(
      fmt::format("{}: {} has {} repeat{} with figures, and fewer than {} say nothing about noise "
                  "(measure with "
                  "--repeats {} or more)",
                  side.name, pair.name, cell.rows.size(), cell.rows.size() == 1 ? "" : "s",
                  kRepeatsEnough, kRepeatsEnough));
}

std::string text_of(const Row::Count& count) { return count ? fmt::format("{}", *count) : ""; }

// Not refused: comparing kernels and builds is the purpose. But said.
std::vector<std::string> find_notes(const Side& base, const Side& next) {
  struct Context {
    std::string_view name;
    std::string (*field)(const Row&);
  };
  constexpr Context kContexts[] = {
      {"tool", [](const Row& row) { return row.tool; }},
      {"kernel", [](const Row& row) { return row.kernel; }},
      {"machine", [](const Row& row) { return row.machine; }},
      {"accelerator", [](const Row& row) { return row.accelerator; }},
      {"cpu_model", [](const Row& row) { return row.cpu_model; }},
      {"cpus", [](const Row& row) { return text_of(row.cpus); }},
      {"mitigations", [](const Row& row) { return row.mitigations; }},
      {"lo_mtu", [](const Row& row) { return text_of(row.lo_mtu); }},
      {"guest", [](const Row& row) { return row.guest; }},
  };
  std::vector<std::string> notes;
  for (const Context& context : kContexts) {
    const std::string before = values_of(base, context.field);
    const std::string after = values_of(next, context.field);
    if (before == after) {
      if (before.find(',') == std::string::npos) continue;
      notes.push_back(fmt::format("{} is mixed in both: {}", context.name, before));
    } else {
      notes.push_back(fmt::format("{} differs: {} → {}", context.name, before, after));
    }
  }
  SeenTrials seen;
  std::vector<Row> base_rows = base.rows;
  seen.drop_repeated(base_rows);
  if (const std::size_t shared = seen.count(next.rows); shared != 0) {
    notes.push_back(fmt::format("{} row{} of {} {} the same as in {}", shared,
                                shared == 1 ? "" : "s", next.name, shared == 1 ? "is" : "are",
                                base.name));
  }
  return notes;
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
// correction in a family of `cell_count`.
std::size_t find_repeats_needed(std::size_t cell_count) {
  std::size_t repeats = kRepeatsEnough;
  while (smallest_p(repeats, repeats) * static_cast<double>(cell_count) >= kPMax) ++repeats;
  return repeats;
}

void judge(MetricComparison& comparison, double threshold_percent) {
  std::vector<double> p;
  std::vector<double> ratios;
  double p_possible = 1;
  for (const Change& change : comparison.changes) {
    p.push_back(change.p);
    ratios.push_back(change.interval.ratio);
    p_possible = std::min(p_possible, smallest_p(change.base.size(), change.next.size()));
  }
  const std::vector<double> corrected = holm_corrected(p);
  for (std::size_t index = 0; index < p.size(); ++index) {
    Change& change = comparison.changes[index];
    change.p_corrected = corrected[index];
    if (change.p_corrected >= kPMax || change.interval.includes_no_change()) continue;
    const bool is_more = change.interval.ratio > 1;
    change.verdict =
        is_more == comparison.metric->more_is_better ? Verdict::better : Verdict::worse;
    const double percent = std::abs(change.interval.ratio - 1) * 100;
    change.beyond_threshold = change.verdict == Verdict::worse && percent > threshold_percent;
  }
  comparison.mean_ratio = geometric_mean(ratios);
  if (!p.empty() && p_possible * static_cast<double>(p.size()) >= kPMax) {
    comparison.repeats_needed = find_repeats_needed(p.size());
  }
}

MetricComparison compare_metric(const std::vector<Pair>& pairs, const Metric& metric,
                                double threshold_percent) {
  MetricComparison comparison;
  comparison.metric = &metric;
  for (const Pair& pair : pairs) {
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
    change.interval = ratio_interval(change.base, change.next);
    change.p = mann_whitney_p(change.base, change.next);
    comparison.changes.push_back(std::move(change));
  }
  judge(comparison, threshold_percent);
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
                        double threshold_percent) {
  const std::vector<CellRows> base_cells = group_by_cell(base.rows);
  const std::vector<CellRows> next_cells = group_by_cell(next.rows);
  for (const auto& [side, cells] : {std::pair{&base, &base_cells}, {&next, &next_cells}}) {
    if (cells->empty()) throw UsageError(side->name + ": no row has figures (nothing to compare)");
  }
  refuse_other_methods(base, next);

  Comparison comparison;
  comparison.base = describe(base);
  comparison.next = describe(next);
  comparison.notes = find_notes(base, next);
  comparison.threshold_percent = threshold_percent;
  const CellNames names{base_cells, next_cells};
  std::vector<Pair> pairs;
  for (const CellRows& cell : base_cells) {
    if (const CellRows* const other = find_cell(next_cells, cell.key)) {
      pairs.push_back({names.name_of(cell.key), &cell, other});
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
  for (const Pair& pair : pairs) {
    refuse_few_repeats(base, pair, *pair.base);
    refuse_few_repeats(next, pair, *pair.next);
  }
  for (const Metric* const metric : metrics) {
    MetricComparison changes = compare_metric(pairs, *metric, threshold_percent);
    // Else a gate that asks for it could never close.
    if (changes.changes.empty()) {
      throw UsageError(
          fmt::format("no cell has {} above zero in all rows of both files (leave it "
                      "out with --metric)",
                      metric->name));
    }
    comparison.metrics.push_back(std::move(changes));
  }
  return comparison;
}

}  // namespace urb
