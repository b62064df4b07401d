// Rows of two files → what changed from one to the other, cell by cell. Pure: the rows are read by
// row_reader, the result is shown by compare/text and compare/json.
//
// All rows of a cell count as repeats, of however many runs, as benchstat takes a file. Where the
// two files were measured by turns (compare/pairing.hpp), neighbours are pairs, and a machine that
// drifts meets both of them. Else a drift between two runs is a change like any other.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/metrics.hpp"
#include "row/row.hpp"
#include "stats/rank_test.hpp"

namespace urb {

/// Why a change is or is not reported.
enum class Verdict : std::uint8_t { noise, better, worse };
[[nodiscard]] std::string_view name_of(Verdict verdict) noexcept;

/// One metric of one cell that both files have.
struct Change {
  std::string cell;  ///< "socket 1MB reuse", with what else tells it from the other cells
  std::vector<double> base;
  std::vector<double> next;
  double base_median = 0;
  double next_median = 0;
  RatioInterval interval;
  std::size_t pair_count = 0;  ///< that test and interval are of; 0 where they take all repeats
  double p = 1;                ///< as it is
  double p_corrected = 1;      ///< for everything that the comparison shows
  Verdict verdict = Verdict::noise;
  bool beyond_threshold = false;  ///< worse, and by more than the threshold
};

/// A rate of a cell that the client limited in most trials of a side: that side's server can do
/// more, so there is no ratio and no verdict.
struct Bound {
  std::string cell;
  double base_median = 0;
  bool is_base_limited = false;
  double next_median = 0;
  bool is_next_limited = false;
};

struct MetricComparison {
  const Metric* metric = nullptr;
  std::vector<Change> changes;
  double mean_ratio = 1;  ///< geometric mean over the cells
  std::vector<Bound> limited;
  std::vector<std::string> unknown;  ///< cells whose rows lack this figure, or have zero
};

/// Where rows came from, as far as a reader has to know.
struct Source {
  std::string name;               ///< of the file
  std::vector<std::string> runs;  ///< run_ids, in order of appearance
  std::size_t row_count = 0;      ///< with figures
  std::size_t left_out = 0;       ///< rows without
  std::size_t disturbed = 0;      ///< rows with, that are left out as well
};

struct Comparison {
  Source base;
  Source next;
  std::vector<MetricComparison> metrics;
  bool is_paired = false;       ///< signed ranks over neighbours; else Mann–Whitney over all
  std::string test_reason;      ///< sentences: which test, and why
  std::size_t family_size = 0;  ///< p-values that the correction is for
  /// Repeats of each side from which on a change could be found in such a family; 0 when these are
  /// enough already.
  std::size_t repeats_needed = 0;
  std::vector<std::string> base_only;  ///< cells
  std::vector<std::string> next_only;
  std::vector<std::string> notes;  ///< what else differs: kernel, machine, build
  double threshold_percent = 0;
  [[nodiscard]] bool found_regression() const noexcept;
};

/// Rows of one side, and the name to call it by.
struct Side {
  std::string name;
  std::vector<Row> rows;
};

struct CompareRules {
  double threshold_percent = 0;
  bool accepts_disturbed = false;
};

/// Throws UsageError, with the remedy, when the two cannot be compared: no common cell, fewer than
/// kRepeatsEnough repeats in one, different `method` or schema.
[[nodiscard]] Comparison compare_rows(const Side& base, const Side& next,
                                      std::span<const Metric* const> metrics,
                                      const CompareRules& rules);

}  // namespace urb
