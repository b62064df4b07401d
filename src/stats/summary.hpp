// From samples to the numbers that are printed: the median with its interval, and a histogram's
// quantiles. It is pure arithmetic. Two sets of samples are compared elsewhere.
#pragma once

#include <cstddef>
#include <span>

#include "stats/histogram.hpp"

namespace urb {

/// A median and a confidence interval of it, [low, high].
struct MedianInterval {
  double median = 0;
  double low = 0;
  double high = 0;
  /// The probability that such an interval covers the true median, for independent samples of
  /// any continuous distribution. Below 0.95 when the samples are too few for more.
  double confidence = 0;
  std::size_t sample_count = 0;
};

/// The narrowest interval between two order statistics of equal rank from either end that covers
/// the median with at least 95 %. It is the whole range where none does (fewer than 6 samples).
/// No samples give all zeros.
[[nodiscard]] MedianInterval median_interval(std::span<const double> samples);

/// The probability that the `rank`-th smallest and the `rank`-th largest of `sample_count`
/// samples (rank from 1) enclose the median.
[[nodiscard]] double order_statistics_confidence(std::size_t sample_count, std::size_t rank);

[[nodiscard]] double median_of(std::span<const double> samples);

/// A histogram's quantiles in microseconds, as columns and tables have them.
struct LatencySummary {
  double p50_us = 0;
  double p90_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  double max_us = 0;
};

[[nodiscard]] LatencySummary summarize(const Histogram& latency);

}  // namespace urb
