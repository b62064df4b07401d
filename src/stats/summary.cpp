#include "stats/summary.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace urb {
namespace {

constexpr double kConfidence = 0.95;

double median_of_sorted(const std::vector<double>& sorted) {
  const std::size_t middle = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return sorted[middle];
  return (sorted[middle - 1] + sorted[middle]) / 2;
}

}  // namespace

double order_statistics_confidence(std::size_t sample_count, std::size_t rank) {
  // Each sample lies below the true median with probability 1/2, so the number below it is
  // binomial. The interval misses when fewer than `rank` lie on one side.
  if (rank == 0 || 2 * rank > sample_count) return 0;
  const double log_half = -std::log(2.0) * static_cast<double>(sample_count);
  double log_choose = 0;  // of sample_count over index
  double tail = 0;
  for (std::size_t index = 0; index < rank; ++index) {
    tail += std::exp(log_choose + log_half);
    log_choose += std::log(static_cast<double>(sample_count - index)) -
                  std::log(static_cast<double>(index + 1));
  }
  return std::max(0.0, 1 - 2 * tail);
}

MedianInterval median_interval(std::span<const double> samples) {
  if (samples.empty()) return {};
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());

  std::size_t rank = 1;
  while (order_statistics_confidence(sorted.size(), rank + 1) >= kConfidence) ++rank;
  return {.median = median_of_sorted(sorted),
          .low = sorted[rank - 1],
          .high = sorted[sorted.size() - rank],
          .confidence = order_statistics_confidence(sorted.size(), rank),
          .sample_count = sorted.size()};
}

double median_of(std::span<const double> samples) { return median_interval(samples).median; }

LatencySummary summarize(const Histogram& latency) {
  const auto quantile_us = [&latency](double quantile) {
    return static_cast<double>(latency.quantile(quantile).count()) / 1000;
  };
  return {.p50_us = quantile_us(0.5),
          .p90_us = quantile_us(0.9),
          .p99_us = quantile_us(0.99),
          .p999_us = quantile_us(0.999),
          .max_us = static_cast<double>(latency.max().count()) / 1000};
}

}  // namespace urb
