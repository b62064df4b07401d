// Cells held against each other within rounds. A machine is not as fast in all rounds, and what it
// does to both sides of a ratio cancels out.
#pragma once

#include <cstdint>
#include <vector>

#include "report/cell.hpp"
#include "report/metrics.hpp"
#include "stats/signed_rank.hpp"

namespace urb {

/// One metric of a cell by, or less, that of another.
struct RoundComparison {
  enum class Kind : std::uint8_t { ratio, difference };
  const Cell* of = nullptr;
  const Cell* to = nullptr;
  const Metric* metric = nullptr;
  Kind kind = Kind::ratio;
  /// Of Hodges and Lehmann, from the signed ranks of the rounds that both were in. `median` is the
  /// median of the means of every two rounds; of a ratio, geometric means.
  MedianInterval interval;
};

/// Two rows of one round: the same run_id and repeat.
struct RoundPair {
  const Row* of;
  const Row* to;
};
/// The rounds that two cells share. Empty where their trials are of different runs.
[[nodiscard]] std::vector<RoundPair> pairs_of(const Cell& of, const Cell& to);

/// Without shared rounds, or a value to divide by, the interval has no samples. A rate that the
/// client limited in most trials of a cell is held against nothing, so it has none either.
[[nodiscard]] RoundComparison compare_rounds(const Cell& of, const Cell& to, const Metric& metric,
                                             RoundComparison::Kind kind);

/// Of the samples of such pairs.
[[nodiscard]] RoundComparison compare_pairs(const Cell& of, const Cell& to,
                                            const std::vector<RoundPair>& pairs,
                                            const Metric& metric, RoundComparison::Kind kind);

/// Every two of the cells that differ in nothing but mode and data path, by the metrics that
/// say what a mode costs; each pair once. Those without samples are left out.
[[nodiscard]] std::vector<RoundComparison> compare_all(const std::vector<Cell>& cells,
                                                       bool is_count);

}  // namespace urb
