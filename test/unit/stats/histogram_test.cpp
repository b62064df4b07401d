// Exact counts, exact extremes, quantiles within the promised three digits.
#include "stats/histogram.hpp"

#include <doctest/doctest.h>

#include <utility>

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

// The library rounds within a bucket: 0.1 % of the value at three digits.
bool is_near(Nanos value, Nanos expected) {
  const auto difference = value > expected ? value - expected : expected - value;
  return difference.count() * 1000 <= expected.count();
}

Histogram one_to_thousand_micros() {
  Histogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.record(microseconds{i});
  return histogram;
}

}  // namespace

TEST_CASE("an empty histogram answers zero to everything") {
  const Histogram histogram;
  CHECK(histogram.count() == 0);
  CHECK(histogram.quantile(0.5) == Nanos{0});
  CHECK(histogram.quantile(1.0) == Nanos{0});
  CHECK(histogram.max() == Nanos{0});
  CHECK(histogram.mean() == Nanos{0});
}

TEST_CASE("quantiles are those of the recorded values, to three digits") {
  const Histogram histogram = one_to_thousand_micros();
  CHECK(histogram.count() == 1000);
  CHECK(is_near(histogram.quantile(0.5), microseconds{500}));
  CHECK(is_near(histogram.quantile(0.9), microseconds{900}));
  CHECK(is_near(histogram.quantile(0.99), microseconds{990}));
  CHECK(is_near(histogram.quantile(0.999), microseconds{999}));
  CHECK(is_near(histogram.quantile(0.0), microseconds{1}));
}

TEST_CASE("maximum and mean are exact, not the bucket's") {
  Histogram histogram;
  histogram.record(Nanos{1'000'003});
  histogram.record(Nanos{2'000'005});
  CHECK(histogram.max() == Nanos{2'000'005});
  CHECK(histogram.quantile(1.0) == Nanos{2'000'005});
  CHECK(histogram.mean() == Nanos{1'500'004});
}

TEST_CASE("no quantile exceeds the maximum") {
  Histogram histogram;
  histogram.record(Nanos{1'000'001});
  for (const double q : {0.0, 0.5, 0.99, 0.999, 1.0, 2.0}) {
    CHECK(histogram.quantile(q) <= histogram.max());
  }
}

TEST_CASE("the last sample is in the quantiles") {
  Histogram histogram;
  for (int i = 0; i < 9; ++i) histogram.record(microseconds{1});
  histogram.record(seconds{1});
  CHECK(is_near(histogram.quantile(0.99), seconds{1}));
  CHECK(is_near(histogram.quantile(0.9), microseconds{1}));
}

TEST_CASE("values outside the range are recorded at its limits and counted as clipped") {
  Histogram histogram;
  histogram.record(seconds{61});
  histogram.record(Nanos{0});
  histogram.record(Nanos{-5});
  CHECK(histogram.clipped_count() == 3);
  CHECK(histogram.count() == 3);
  CHECK(histogram.max() == seconds{61});
  CHECK(is_near(histogram.quantile(0.9), seconds{60}));
  histogram.record(Histogram::kLowest);
  histogram.record(Histogram::kHighest);
  CHECK(histogram.clipped_count() == 3);
}

TEST_CASE("a merge is the same as recording everything in one") {
  Histogram all = one_to_thousand_micros();
  Histogram other;
  other.record(seconds{2});
  other.record(seconds{90});
  all.merge(other);
  CHECK(all.count() == 1002);
  CHECK(all.max() == seconds{90});
  CHECK(all.clipped_count() == 1);
  CHECK(is_near(all.quantile(0.999), seconds{2}));
  CHECK(all.mean() == Nanos{(500'500'000 + 92'000'000'000 + 501) / 1002});
  CHECK(other.count() == 2);
}

TEST_CASE("a copy is independent, a reset one is as new") {
  Histogram source = one_to_thousand_micros();
  Histogram target;
  target = source;
  source.reset();
  CHECK(source.count() == 0);
  CHECK(source.max() == Nanos{0});
  CHECK(source.mean() == Nanos{0});
  CHECK(target.count() == 1000);
  const Histogram moved = std::move(target);
  CHECK(is_near(moved.quantile(0.5), microseconds{500}));
}

}  // namespace urb
