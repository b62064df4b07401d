// Rows of two files → what changed from one to the other, cell by cell. Pure: the rows are read by
// row_reader, the result is shown by compare/text and compare/json.
//
// All rows of a cell count as repeats, of however many runs, as benchstat takes a file. The test is
// right for independent repeats: a machine that drifts between two runs is a change like any
// other, which is why tools/check-compare interleaves them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stats/rank_test.hpp"
#include "report/metrics.hpp"
#include "row/row.hpp"

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
  double p = 1;            ///< as it is
  double p_corrected = 1;  ///< for the number of cells
  Verdict verdict = Verdict::noise;
  bool beyond_threshold = false;  ///< worse, and by more than the threshold
};

struct MetricComparison {
  const Metric* metric = nullptr;
  std::vector<Change> changes;
  double mean_ratio = 1;  ///< geometric mean over the cells
  /// Repeats of each side from which on a change could be found in this number of cells; 0 when
  /// these are enough already.
  std::size_t repeats_needed = 0;
  std::vector<std::string> unknown;  ///< cells whose rows lack this figure, or have zero
};

/// Where rows came from, as far as a reader has to know.
struct Source {
  std::string name;               ///< of the file
  std::vector<std::string> runs;  ///< run_ids, in order of appearance
  std::size_t row_count = 0;      ///< with figures
  std::size_t left_out = 0;       ///< rows without
};

struct Comparison {
  Source base;
  Source next;
  std::vector<MetricComparison> metrics;
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

/// Throws UsageError, with the remedy, when the two cannot be compared: no common cell, fewer than
/// kRepeatsEnough repeats in one, different `method` or schema.
[[nodiscard]] Comparison compare_rows(const Side& base, const Side& next,
                                      std::span<const Metric* const> metrics,
                                      double threshold_percent);

}  // namespace urb
