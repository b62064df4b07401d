// The interval of the median against arithmetic by hand, and the quantiles of a histogram.
#include "stats/summary.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <numeric>
#include <vector>

TEST_SUITE_BEGIN("unit");

using urb::median_interval;
using urb::MedianInterval;
using urb::order_statistics_confidence;

namespace {

// 1, 2, …, count: the value of an order statistic is its rank.
std::vector<double> ranks(std::size_t count) {
  std::vector<double> values(count);
  std::iota(values.begin(), values.end(), 1.0);
  return values;
}

}  // namespace

TEST_CASE("summary: two order statistics miss the median with binomial probability") {
  // Both extremes on one side: 2 · (1/2)^n.
  CHECK(order_statistics_confidence(5, 1) == doctest::Approx(0.9375));
  CHECK(order_statistics_confidence(6, 1) == doctest::Approx(0.96875));
  // n = 9: 1 − 2 · (1 + 9) / 512. n = 10: 1 − 2 · (1 + 10 + 45) / 1024.
  CHECK(order_statistics_confidence(9, 2) == doctest::Approx(1 - 20.0 / 512));
  CHECK(order_statistics_confidence(10, 3) == doctest::Approx(1 - 112.0 / 1024));
  CHECK(order_statistics_confidence(1, 1) == 0);
  CHECK(order_statistics_confidence(5, 0) == 0);
  CHECK(order_statistics_confidence(5, 3) == 0);
}

TEST_CASE("summary: the narrowest interval of at least 95 % is taken") {
  struct Case {
    std::size_t sample_count;
    double low;
  };
  // By the binomial: 8 → rank 1 (rank 2 covers 92.97 %), 9 → 2, 20 → 6 (7 covers 88.5 %).
  for (const Case& c : {Case{6, 1}, Case{8, 1}, Case{9, 2}, Case{10, 2}, Case{20, 6}}) {
    const MedianInterval interval = median_interval(ranks(c.sample_count));
    CAPTURE(c.sample_count);
    CHECK(interval.low == c.low);
    CHECK(interval.high == static_cast<double>(c.sample_count) + 1 - c.low);
    CHECK(interval.confidence >= 0.95);
  }
}

TEST_CASE("summary: five samples give their whole range and admit to 93.75 %") {
  const MedianInterval interval = median_interval(std::array{370.0, 378.0, 374.0, 369.0, 381.0});
  CHECK(interval.median == 374);
  CHECK(interval.low == 369);
  CHECK(interval.high == 381);
  CHECK(interval.confidence == doctest::Approx(0.9375));
}

TEST_CASE("summary: an even number of samples has its median between the middle two") {
  CHECK(urb::median_of(std::array{4.0, 1.0, 10.0, 2.0}) == 3);
}

TEST_CASE("summary: one sample is its own median and no interval") {
  const MedianInterval interval = median_interval(std::array{7.0});
  CHECK(interval.median == 7);
  CHECK(interval.low == interval.high);
  CHECK(interval.confidence == 0);
  CHECK(median_interval({}).sample_count == 0);
}

TEST_CASE("summary: thousands of samples do not underflow") {
  const MedianInterval interval = median_interval(ranks(4001));
  CHECK(interval.median == 2001);
  CHECK(interval.confidence >= 0.95);
  CHECK(interval.confidence < 0.96);
  // The normal approximation: 1.96 · √4001 / 2 = 62 ranks.
  CHECK(std::abs((interval.high - interval.low) / 2 - 62) < 1.5);
}

TEST_CASE("summary: quantiles come in microseconds, the maximum exactly") {
  urb::Histogram latency;
  for (int us = 1; us <= 1000; ++us) latency.record(std::chrono::microseconds{us});
  latency.record(urb::Nanos{1'234'567});
  const urb::LatencySummary summary = summarize(latency);
  CHECK(summary.p50_us == doctest::Approx(501).epsilon(0.002));
  CHECK(summary.p90_us == doctest::Approx(901).epsilon(0.002));
  CHECK(summary.p99_us == doctest::Approx(991).epsilon(0.002));
  CHECK(summary.p999_us == doctest::Approx(1000).epsilon(0.002));
  CHECK(summary.max_us == doctest::Approx(1234.567));
}

TEST_SUITE_END();
