// Pairs of measurements → whether their sides differ, by how much, and how sure that is. What met
// both sides of a pair cancels out. Pure arithmetic, on ranks only.
//
// Test and intervals hold where a pair's difference is as likely above its centre as the same
// distance below it. That is so for two sides that were measured alike, by turns.
#pragma once

#include <cstddef>
#include <span>

#include "stats/summary.hpp"

namespace urb {

/// Up to this number of pairs, p-values and intervals are counted exactly.
inline constexpr std::size_t kSignedRanksCounted = 100;

/// The two-sided p-value of Wilcoxon's signed-rank test: how often random signs would set the sums
/// of the positive and the negative ranks at least as far apart. Equal distances share their mean
/// rank. A pair without a difference takes its rank with it, and has no sign (Pratt). Above
/// kSignedRanksCounted pairs: normal approximation with corrections for ties and continuity. 1 when
/// no pair has a difference.
[[nodiscard]] double signed_rank_p(std::span<const double> differences);

/// The smallest p-value that this number of pairs can give: when all differences have one sign.
[[nodiscard]] double smallest_signed_rank_p(std::size_t pair_count) noexcept;

/// Hodges and Lehmann: the median of the means of every two of the differences (each with itself
/// too), between the order statistics of those means that belong to the test at 5 %. `confidence`
/// is the true one: at least 0.95, or what the whole range reaches (fewer than 6 pairs). All zeros
/// for no pairs.
[[nodiscard]] MedianInterval paired_difference_interval(std::span<const double> differences);

/// The same of the logarithms of ratios, which are all above zero. Both sides can change places:
/// the result is then its inverse.
[[nodiscard]] MedianInterval paired_ratio_interval(std::span<const double> ratios);

}  // namespace urb
