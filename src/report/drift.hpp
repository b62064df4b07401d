// Whether the machine changed while a run went on: warmer, slower, busier.
#pragma once

#include <optional>
#include <vector>

#include "report/cell.hpp"

namespace urb {

/// How much the throughput changed over the run, as a share: -0.1 is 10 % slower at the end than
/// at the beginning. Empty when there is no trend: fewer than kDriftTrialsMin trials, a change
/// below kDriftMin, or one that chance explains (Mann-Kendall test, p >= 0.01).
///
/// Each trial counts by its ratio to its own cell's median, so cells of any size compare; trials of
/// a cell are spread over the run, so no cell's own speed looks like a trend.
[[nodiscard]] std::optional<double> find_drift(const std::vector<Cell>& cells);

inline constexpr std::size_t kDriftTrialsMin = 10;  ///< below, the test has hardly any power
inline constexpr double kDriftMin = 0.03;           ///< a guess: what a reader would care about

}  // namespace urb
