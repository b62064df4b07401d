// Two sets of repeats → whether they differ, by how much, and how sure that is. Pure arithmetic
// without assumptions about the distribution: ranks only, since repeats of a benchmark have
// outliers on one side. Why it is written here and not taken from a library: decision 0011.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace urb {

/// Whether p-values and intervals of sets of these sizes are counted exactly: up to 30 and 30, or 5
/// and 105 samples (some 10 ms of counting). Beyond, the normal approximation is used: where p is
/// near 0.05 it is within 0.001 for sets of equal size, within 0.003 for 5 samples against 140.
[[nodiscard]] bool is_counted(std::size_t base_count, std::size_t next_count) noexcept;

/// The two-sided p-value of the Mann–Whitney test (also: Wilcoxon rank sum): how often a random
/// division of all the samples would set the ranks at least as far apart. Ties get their mean
/// rank, and are counted as such by the exact method, and corrected for by the approximation. 1
/// when a set is empty.
[[nodiscard]] double mann_whitney_p(std::span<const double> base, std::span<const double> next);

/// The smallest p-value that sets of these sizes can give, when no sample of one lies among the
/// other's.
[[nodiscard]] double smallest_p(std::size_t base_count, std::size_t next_count);

/// How many times as large the second set's values are.
struct RatioInterval {
  double ratio = 1;  ///< Hodges–Lehmann: the median of next/base over all pairs
  double low = 1;    ///< of an interval that covers the true ratio with `confidence`
  double high = 1;
  double confidence = 0;  ///< at least 0.95, or what the whole range of the pairs reaches
  [[nodiscard]] bool includes_no_change() const noexcept { return low <= 1 && high >= 1; }
};

/// The interval lies between the order statistics of the pairs' ratios that belong to the
/// Mann–Whitney test at 5 %: it excludes 1 when that test rejects (without ties). All samples are
/// above zero and no set is empty.
[[nodiscard]] RatioInterval ratio_interval(std::span<const double> base,
                                           std::span<const double> next);

/// Holm's correction: for each p-value of a family, the one that may be held against the usual
/// limit so that the chance of any false alarm in the family stays below that limit.
[[nodiscard]] std::vector<double> holm_corrected(std::span<const double> p_values);

/// All above zero; 1 for none.
[[nodiscard]] double geometric_mean(std::span<const double> ratios);

}  // namespace urb
