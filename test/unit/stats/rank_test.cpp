// The comparison's statistics: against values of other programs, against counting by hand, and
// by what must hold for any samples.
#include "stats/rank_test.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/random.hpp"

TEST_SUITE_BEGIN("unit");

using doctest::Approx;
using urb::geometric_mean;
using urb::holm_corrected;
using urb::mann_whitney_p;
using urb::ratio_interval;
using urb::RatioInterval;
using urb::smallest_p;
using urb::test::normal;
using urb::test::Random;
using urb::test::uniform;

namespace {

using Samples = std::vector<double>;

// Repeats as a shared machine gives them: 1 % of noise, and every fifth slower by up to 30 %.
Samples repeats(Random& random, std::size_t count) {
  Samples samples(count);
  for (double& sample : samples) {
    sample = 1000 * std::exp(0.01 * normal(random));
    if (uniform(random) < 0.2) sample *= 1 - 0.3 * uniform(random);
  }
  return samples;
}

Samples scaled(Samples samples, double by) {
  for (double& sample : samples) sample *= by;
  return samples;
}

Samples ramp(std::size_t count, std::size_t step, double from) {
  Samples samples;
  for (std::size_t index = 0; index < count; ++index) {
    samples.push_back(static_cast<double>((index * step) % 50) + from);
  }
  return samples;
}

// The definition: every choice of base.size() of all samples, by its bits.
double counted_p(const Samples& base, const Samples& next) {
  Samples all = base;
  all.insert(all.end(), next.begin(), next.end());
  const auto wins = [&all](std::uint32_t chosen) {  // over the rest; a draw is half of one
    double sum = 0;
    for (std::size_t left = 0; left < all.size(); ++left) {
      if (((chosen >> left) & 1U) == 0) continue;
      for (std::size_t right = 0; right < all.size(); ++right) {
        if (((chosen >> right) & 1U) != 0) continue;
        sum += all[left] > all[right] ? 1 : all[left] == all[right] ? 0.5 : 0;
      }
    }
    return sum;
  };
  const double mean = static_cast<double>(base.size() * next.size()) / 2;
  const double seen = std::abs(wins((1U << base.size()) - 1) - mean);
  double as_extreme = 0;
  double choices = 0;
  for (std::uint32_t chosen = 0; chosen < (1U << all.size()); ++chosen) {
    if (static_cast<std::size_t>(__builtin_popcount(chosen)) != base.size()) continue;
    ++choices;
    if (std::abs(wins(chosen) - mean) >= seen) ++as_extreme;
  }
  return as_extreme / choices;
}

}  // namespace

TEST_CASE("comparison: p-values are those of SciPy and of the published table") {
  // SciPy 1.10.1, mannwhitneyu(method='exact'); the first is the example of R's wilcox.test too.
  CHECK(mann_whitney_p(Samples{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46},
                       Samples{1.15, 0.88, 0.90, 0.74, 1.21}) == Approx(0.2544122544122544));
  CHECK(mann_whitney_p(Samples{12.1, 12.4, 11.9, 12.8, 12.2, 12.0},
                       Samples{12.9, 13.1, 12.6, 12.5, 13.4, 12.7}) ==
        Approx(0.015151515151515152));
  // With ties: all 12,870 divisions counted with SciPy's mean ranks.
  CHECK(mann_whitney_p(Samples{1, 2, 2, 3, 3, 3, 5, 8}, Samples{3, 4, 4, 5, 5, 6, 8, 9}) ==
        Approx(0.03605283605283605));
  // 80 samples with ties: SciPy's method='asymptotic'.
  CHECK(mann_whitney_p(ramp(40, 37, 1), ramp(40, 29, 9)) == Approx(0.04795700421929026));
  // One choice of C(10, 5) = 252 at either end.
  CHECK(smallest_p(5, 5) == Approx(2.0 / 252));
  CHECK(smallest_p(5, 10) == Approx(2.0 / 3003));
}

TEST_CASE("comparison: exact p-values are a count of all divisions, ties or not") {
  Random random{1};
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    Samples base(2 + random() % 5);
    Samples next(2 + random() % 5);
    // Few different values: many ties. Halves are exact, so that the definition's sums are.
    for (double& sample : base) sample = static_cast<double>(random() % 7) / 2;
    for (double& sample : next) sample = static_cast<double>(random() % 7) / 2;
    CHECK(mann_whitney_p(base, next) == Approx(counted_p(base, next)));
  }
}

TEST_CASE("comparison: what says nothing has p = 1") {
  CHECK(mann_whitney_p(Samples{3, 3, 3, 3, 3}, Samples{3, 3, 3, 3, 3}) == 1);
  CHECK(mann_whitney_p(Samples(50, 3.0), Samples(50, 3.0)) == 1);  // the approximation
  CHECK(mann_whitney_p(Samples{}, Samples{1, 2}) == 1);
  CHECK(ratio_interval(Samples{7, 7, 7, 7, 7}, Samples{7, 7, 7, 7, 7}).includes_no_change());
}

TEST_CASE("comparison: where the exact count ends, the approximation goes on") {
  const auto line = [](int count, double from) {
    Samples samples;
    for (int index = 0; index < count; ++index) samples.push_back(index + from);
    return samples;
  };
  REQUIRE(urb::is_counted(30, 30));
  REQUIRE(urb::is_counted(5, 105));
  REQUIRE_FALSE(urb::is_counted(32, 30));
  // SciPy, method='exact' for all of them; the last, here approximated, is off by 2e-4.
  CHECK(mann_whitney_p(line(30, 0), line(30, 5.5)) == Approx(0.02633196030257938));
  CHECK(std::abs(mann_whitney_p(line(32, 0), line(30, 5.5)) - 0.07009495539874913) < 3e-4);
}

TEST_CASE("comparison: the interval lies between the ranks that SciPy's distribution of U gives") {
  // From exact distributions of U: the largest rank with P(U < rank) < 2.5 %.
  struct Case {
    std::size_t base_count;
    std::size_t next_count;
    std::size_t rank;
    double confidence;
  };
  for (const Case& c : {Case{5, 5, 3, 0.9682539682539683}, Case{5, 6, 4, 0.9696969696969697},
                        Case{6, 6, 6, 0.9588744588744589}, Case{8, 8, 14, 0.9501165501165502},
                        Case{10, 10, 24, 0.9567429474550218}, Case{5, 10, 9, 0.9600399600399601},
                        Case{30, 30, 318, 0.9503800000353438}}) {
    CAPTURE(c.base_count);
    CAPTURE(c.next_count);
    // Every ratio differs, and they can be sorted by hand.
    Random random{7};
    Samples base(c.base_count);
    Samples next(c.next_count);
    for (double& sample : base) sample = 1 + uniform(random);
    for (double& sample : next) sample = 1 + uniform(random);
    Samples ratios;
    for (const double from : base) {
      for (const double to : next) ratios.push_back(to / from);
    }
    std::sort(ratios.begin(), ratios.end());
    const RatioInterval interval = ratio_interval(base, next);
    CHECK(interval.low == ratios.at(c.rank - 1));
    CHECK(interval.high == ratios.at(ratios.size() - c.rank));
    CHECK(interval.confidence == Approx(c.confidence));
  }
}

TEST_CASE("comparison: an interval of one hundred repeats is nearly that of the normal") {
  // Two lines apart by 5 %: U's normal limit is 5000 − 1.96 · √(100·100·201/12) = 4197.8.
  Samples base(100);
  for (std::size_t index = 0; index < base.size(); ++index) {
    base[index] = 1000 + static_cast<double>(index) / 10;
  }
  const RatioInterval interval = ratio_interval(base, scaled(base, 1.05));
  CHECK(interval.ratio == Approx(1.05).epsilon(1e-4));
  CHECK(interval.low > 1.049);
  CHECK(interval.high < 1.051);
  CHECK(interval.low < interval.ratio);
}

TEST_CASE("comparison: swapping base and new turns the ratio over and keeps p") {
  Random random{2};
  for (int round = 0; round < 200; ++round) {
    CAPTURE(round);
    const Samples base = repeats(random, 5 + round % 6);
    const Samples next = repeats(random, 5 + round % 5);
    const RatioInterval there = ratio_interval(base, next);
    const RatioInterval back = ratio_interval(next, base);
    CHECK(there.ratio == Approx(1 / back.ratio));
    CHECK(there.low == Approx(1 / back.high));
    CHECK(there.high == Approx(1 / back.low));
    CHECK(mann_whitney_p(base, next) == Approx(mann_whitney_p(next, base)));
  }
}

TEST_CASE("comparison: units do not matter, a factor in one set is the ratio's factor") {
  Random random{3};
  for (int round = 0; round < 200; ++round) {
    CAPTURE(round);
    const Samples base = repeats(random, 6);
    const Samples next = repeats(random, 7);
    const RatioInterval plain = ratio_interval(base, next);
    // Powers of two are exact, so that no tie appears or goes.
    const RatioInterval both = ratio_interval(scaled(base, 1024), scaled(next, 1024));
    CHECK(both.ratio == plain.ratio);
    CHECK(both.low == plain.low);
    CHECK(mann_whitney_p(scaled(base, 1024), scaled(next, 1024)) == mann_whitney_p(base, next));
    CHECK(ratio_interval(base, scaled(next, 2)).ratio == Approx(2 * plain.ratio));
  }
}

TEST_CASE("comparison: the interval excludes no change when the test rejects, and only then") {
  Random random{4};
  int rejected = 0;
  for (int round = 0; round < 1000; ++round) {
    const Samples base = repeats(random, 5 + random() % 6);
    const Samples next = scaled(repeats(random, 5 + random() % 6), 1.01);
    const bool rejects = mann_whitney_p(base, next) < 0.05;
    rejected += rejects ? 1 : 0;
    CHECK(rejects == !ratio_interval(base, next).includes_no_change());
  }
  CHECK(rejected > 100);
}

TEST_CASE("comparison: of 1,000 pairs without a difference at most 5 % are called different") {
  Random random{5};
  for (const std::size_t count : {5U, 6U, 8U, 10U}) {
    CAPTURE(count);
    int alarms = 0;
    int misses = 0;
    for (int pair = 0; pair < 1000; ++pair) {
      const Samples base = repeats(random, count);
      const Samples next = repeats(random, count);
      if (mann_whitney_p(base, next) < 0.05) ++alarms;
      if (ratio_interval(base, next).includes_no_change()) ++misses;
    }
    // The rate is at most 0.05 exactly; of 1,000 pairs, 2.6 deviations (σ = 6.9) stay below 68.
    CHECK(alarms <= 67);
    CHECK(alarms >= 10);  // a test that never speaks would pass the line above
    CHECK(misses == 1000 - alarms);
  }
}

TEST_CASE("comparison: of 1,000 families of eight at most 5 % hold a false alarm") {
  Random random{6};
  int alarms = 0;
  for (int family = 0; family < 1000; ++family) {
    std::array<double, 8> p{};
    for (double& each : p) each = mann_whitney_p(repeats(random, 8), repeats(random, 8));
    const std::vector<double> corrected = holm_corrected(p);
    if (*std::min_element(corrected.begin(), corrected.end()) < 0.05) ++alarms;
  }
  CHECK(alarms <= 67);
  CHECK(alarms >= 10);
}

TEST_CASE("comparison: 5 % are found in 1 % of noise, and their size is right") {
  Random random{7};
  int found = 0;
  int covered = 0;
  for (int pair = 0; pair < 1000; ++pair) {
    Samples base(5);
    Samples next(5);
    for (double& sample : base) sample = std::exp(0.01 * normal(random));
    for (double& sample : next) sample = 1.05 * std::exp(0.01 * normal(random));
    const RatioInterval interval = ratio_interval(base, next);
    if (mann_whitney_p(base, next) < 0.05) ++found;
    if (interval.low <= 1.05 && 1.05 <= interval.high) ++covered;
    CHECK(std::abs(interval.ratio - 1.05) < 0.03);  // 4.5 deviations
  }
  CHECK(found >= 990);
  CHECK(covered >= 945);  // 96.8 % are expected, σ = 5.5
}

TEST_CASE("comparison: Holm's correction by hand") {
  // Sorted .01 .02 .03 .04 times 4 3 2 1, none below the one before.
  const std::vector<double> corrected = holm_corrected(std::array{0.04, 0.01, 0.03, 0.02});
  CHECK(corrected.at(0) == Approx(0.06));
  CHECK(corrected.at(1) == Approx(0.04));
  CHECK(corrected.at(2) == Approx(0.06));
  CHECK(corrected.at(3) == Approx(0.06));
  CHECK(holm_corrected(std::array{0.4}).front() == 0.4);
  CHECK(holm_corrected(std::array{0.6, 0.9}).at(1) == 1);
  CHECK(holm_corrected({}).empty());
}

TEST_CASE("comparison: a half and a double have the geometric mean one") {
  CHECK(geometric_mean(std::array{0.5, 2.0}) == Approx(1));
  CHECK(geometric_mean(std::array{1.1, 1.1, 1.1}) == Approx(1.1));
  CHECK(geometric_mean({}) == 1);
}

TEST_SUITE_END();
