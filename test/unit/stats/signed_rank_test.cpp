// Statistics of pairs: against counting by hand, an enumeration of all signs, published values, and
// by how often intervals of made-up pairs cover the truth.
#include "stats/signed_rank.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/random.hpp"

TEST_SUITE_BEGIN("unit");

using doctest::Approx;
using urb::MedianInterval;
using urb::paired_difference_interval;
using urb::paired_ratio_interval;
using urb::signed_rank_p;
using urb::test::normal;
using urb::test::Random;
using urb::test::uniform;

namespace {

using Samples = std::vector<double>;

// The definition: of all signs of the mean ranks, how many are as far from the middle.
double counted_p(const Samples& differences) {
  Samples ranks;
  Samples positive;
  for (const double each : differences) {
    if (each == 0) continue;
    double below = 0;
    double equal = 0;
    for (const double other : differences) {
      below += std::abs(other) < std::abs(each) ? 1 : 0;
      equal += std::abs(other) == std::abs(each) ? 1 : 0;
    }
    ranks.push_back(below + (equal + 1) / 2);
    if (each > 0) positive.push_back(ranks.back());
  }
  double all = 0;
  for (const double rank : ranks) all += rank;
  double seen = 0;
  for (const double rank : positive) seen += rank;
  double as_extreme = 0;
  for (std::uint32_t signs = 0; signs < (1U << ranks.size()); ++signs) {
    double sum = 0;
    for (std::size_t index = 0; index < ranks.size(); ++index) {
      if (((signs >> index) & 1U) != 0) sum += ranks[index];
    }
    if (std::abs(sum - all / 2) >= std::abs(seen - all / 2)) ++as_extreme;
  }
  return as_extreme / static_cast<double>(1U << ranks.size());
}

}  // namespace

TEST_CASE("signed ranks: p-values that can be counted by hand") {
  // All of one sign: one choice of 2^n at either end.
  CHECK(signed_rank_p(Samples{1, 2, 3, 4, 5}) == Approx(2.0 / 32));
  CHECK(signed_rank_p(Samples{-1, -2, -3, -4, -5, -6}) == Approx(2.0 / 64));
  CHECK(urb::smallest_signed_rank_p(6) == Approx(2.0 / 64));
  // Only rank 2 is negative: the sums 0, 1 and 2 have one choice each.
  CHECK(signed_rank_p(Samples{1, -2, 3, 4, 5, 6}) == Approx(6.0 / 64));
  // Two of rank 1.5, one of them negative: 1 choice of sum 0, 2 of sum 1.5.
  CHECK(signed_rank_p(Samples{1, -1, 3, 4, 5, 6}) == Approx(6.0 / 64));
  // The zero has taken rank 1, so the ranks are 2 … 6: sums 0 and 2.
  CHECK(signed_rank_p(Samples{0, -1, 3, 4, 5, 6}) == Approx(4.0 / 32));
  CHECK(signed_rank_p(Samples{}) == 1);
  CHECK(signed_rank_p(Samples{0, 0, 0}) == 1);
  CHECK(signed_rank_p(Samples{1, -1}) == 1);
}

TEST_CASE("signed ranks: Darwin's maize, as textbooks print it") {
  // Heights of 15 pairs of plants, in eighths of an inch: the sum of the negative ranks is 24.
  CHECK(signed_rank_p(Samples{49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48}) ==
        Approx(0.041259765625));
}

TEST_CASE("signed ranks: exact p-values are a count of all signs, with ties and zeros") {
  Random random{1};
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    Samples differences(2 + random() % 10);
    for (double& each : differences) each = static_cast<double>(random() % 9) - 4;
    CHECK(signed_rank_p(differences) == Approx(counted_p(differences)));
  }
}

TEST_CASE("signed ranks: where the exact count ends, the approximation goes on") {
  // One more pair, which lies in the middle, changes little: the first is counted, the second not.
  Samples differences;
  for (int index = 1; index <= 100; ++index) {
    differences.push_back(index % 5 < 2 ? -index - 0.5 : index + 0.5);
  }
  const double exact = signed_rank_p(differences);
  differences.push_back(0.25);
  const double approximate = signed_rank_p(differences);
  CHECK(exact > 0.01);
  CHECK(std::abs(exact - approximate) < 0.003);
}

TEST_CASE("pairs: the interval lies between the ranks of published tables") {
  // Of n(n + 1) / 2 means the rank from either end, and what the signs' distribution gives it.
  struct Case {
    std::size_t count;
    std::size_t rank;
    double confidence;
  };
  for (const Case& c :
       {Case{5, 1, 1 - 2.0 / 32}, Case{6, 1, 1 - 2.0 / 64}, Case{7, 3, 1 - 6.0 / 128},
        Case{8, 4, 1 - 10.0 / 256}, Case{10, 9, 1 - 50.0 / 1024}}) {
    CAPTURE(c.count);
    Samples differences;
    // Powers of two: every mean is another one.
    for (std::size_t index = 0; index < c.count; ++index) {
      differences.push_back(std::ldexp(1.0, static_cast<int>(index)));
    }
    const MedianInterval interval = paired_difference_interval(differences);
    Samples means;
    for (std::size_t left = 0; left < c.count; ++left) {
      for (std::size_t right = left; right < c.count; ++right) {
        means.push_back((differences[left] + differences[right]) / 2);
      }
    }
    std::sort(means.begin(), means.end());
    CHECK(interval.low == means[c.rank - 1]);
    CHECK(interval.high == means[means.size() - c.rank]);
    CHECK(interval.confidence == Approx(c.confidence));
    CHECK(interval.sample_count == c.count);
  }
}

TEST_CASE("pairs: bounds are means of two differences, also where they are many or equal") {
  Random random{3};
  for (const std::size_t count : {2, 9, 40, 150}) {
    CAPTURE(count);
    Samples differences(count);
    for (double& each : differences) each = static_cast<double>(random() % 7) / 3 - 1;
    Samples means;
    for (std::size_t left = 0; left < count; ++left) {
      for (std::size_t right = left; right < count; ++right) {
        means.push_back((differences[left] + differences[right]) / 2);
      }
    }
    std::sort(means.begin(), means.end());
    const MedianInterval interval = paired_difference_interval(differences);
    const std::size_t middle = means.size() / 2;
    const double median =
        means.size() % 2 == 1 ? means[middle] : (means[middle - 1] + means[middle]) / 2;
    CHECK(interval.median == Approx(median));
    CHECK(std::count(means.begin(), means.end(), interval.low) > 0);
    CHECK(std::count(means.begin(), means.end(), interval.high) > 0);
    CHECK(interval.low <= interval.median);
    CHECK(interval.high >= interval.median);
  }
  // A thousand million means: seconds and gigabytes, were they made.
  Samples many(50'000);
  for (double& each : many) each = normal(random);
  const MedianInterval interval = paired_difference_interval(many);
  CHECK(std::abs(interval.median) < 0.02);
  CHECK(interval.high - interval.low == Approx(2 * 1.96 * 1.023 / std::sqrt(50'000)).epsilon(0.1));
}

TEST_CASE("pairs: a ratio's interval turns over with its sides") {
  const Samples ratios{1.1, 1.2, 1.3, 1.25, 0.9, 1.15, 1.05};
  Samples turned;
  for (const double ratio : ratios) turned.push_back(1 / ratio);
  const MedianInterval interval = paired_ratio_interval(ratios);
  const MedianInterval other = paired_ratio_interval(turned);
  CHECK(other.median == Approx(1 / interval.median));
  CHECK(other.low == Approx(1 / interval.high));
  CHECK(other.high == Approx(1 / interval.low));
  CHECK(paired_ratio_interval(Samples{}).sample_count == 0);
  CHECK(paired_ratio_interval(Samples{2}).low == Approx(2));
  CHECK(paired_ratio_interval(Samples{2}).confidence == 0);
}

TEST_CASE("pairs: test and interval agree, and cover as often as they say") {
  Random random{15};
  constexpr int kRounds = 1000;
  for (const std::size_t count : {6, 7, 10, 20}) {
    CAPTURE(count);
    int covered = 0;
    int rejected = 0;
    int contradictions = 0;
    double confidence = 0;
    for (int round = 0; round < kRounds; ++round) {
      Samples ratios(count);
      Samples logs(count);
      for (std::size_t index = 0; index < count; ++index) {
        // Heavy tails: every tenth pair is far off, to either side.
        const double width = uniform(random) < 0.1 ? 0.2 : 0.01;
        logs[index] = width * normal(random);
        ratios[index] = 1.05 * std::exp(logs[index]);
      }
      const MedianInterval interval = paired_ratio_interval(ratios);
      confidence = interval.confidence;
      const bool covers = interval.low <= 1.05 && 1.05 <= interval.high;
      covered += covers ? 1 : 0;
      const bool rejects = signed_rank_p(logs) < 0.05;
      rejected += rejects ? 1 : 0;
      if (covers == rejects) ++contradictions;
    }
    // Three standard deviations of 1,000 rounds are 2 points.
    CHECK(covered / double{kRounds} == Approx(confidence).epsilon(0.022));
    CHECK(rejected / double{kRounds} < 0.07);
    CHECK(contradictions == 0);
  }
}

TEST_CASE("pairs: 5 % are found among drift that sets 30 % between rounds") {
  Random random{5};
  int found = 0;
  for (int round = 0; round < 200; ++round) {
    Samples ratios;
    for (int pair = 0; pair < 10; ++pair) {
      const double speed = 1 + 0.3 * uniform(random);
      const double base = speed * std::exp(0.01 * normal(random));
      ratios.push_back(1.05 * speed * std::exp(0.01 * normal(random)) / base);
    }
    found += paired_ratio_interval(ratios).low > 1 ? 1 : 0;
  }
  CHECK(found >= 199);
}

TEST_SUITE_END();
