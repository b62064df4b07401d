// Cells held against each other within rounds. A machine is not as fast in all rounds, and what it
// does to both sides of a ratio cancels out.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "report/cell.hpp"
#include "report/metrics.hpp"
#include "stats/summary.hpp"

namespace urb {

/// One metric of a cell by, or less, that of another.
struct RoundComparison {
  enum class Kind : std::uint8_t { ratio, difference };
  const Cell* of = nullptr;
  const Cell* to = nullptr;
  const Metric* metric = nullptr;
  Kind kind = Kind::ratio;
  MedianInterval interval;  ///< over the rounds that both were in
};

/// Finds the rounds that two cells share: the same run_id and repeat. Cells that share none, since
/// each run had other options, share the rounds that a script has numbered: runs of one repeat with
/// the same seed.
class Rounds {
 public:
  explicit Rounds(const std::vector<Row>& rows);

  /// Without shared rounds, or a value to divide by, the interval has no samples.
  [[nodiscard]] RoundComparison compare(const Cell& of, const Cell& to, const Metric& metric,
                                        RoundComparison::Kind kind) const;

  struct Pair {
    const Row* of;
    const Row* to;
  };
  [[nodiscard]] std::vector<Pair> pairs_of(const Cell& of, const Cell& to) const;

 private:
  std::set<std::string> of_many_repeats_;  ///< run_ids
};

/// Of the samples of such pairs.
[[nodiscard]] RoundComparison compare_pairs(const Cell& of, const Cell& to,
                                            const std::vector<Rounds::Pair>& pairs,
                                            const Metric& metric, RoundComparison::Kind kind);

/// Every two of the cells that differ in nothing but mode and data path, by the metrics that
/// say what a mode costs; each pair once. Those without samples are left out.
[[nodiscard]] std::vector<RoundComparison> compare_all(const std::vector<Cell>& cells,
                                                       const Rounds& rounds, bool is_count);

}  // namespace urb
