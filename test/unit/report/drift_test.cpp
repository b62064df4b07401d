// A machine that slows down is noticed; noise, and cells of different speed, are not.
#include "report/drift.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

TEST_SUITE_BEGIN("unit");

namespace {

// Interleaved trials of four cells, each ten times as fast as the one before, `repeats` each; the
// speed changes by `drift` from the first to the last and varies by `noise` at random.
std::vector<urb::Cell> make_run(unsigned repeats, double drift, double noise, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<double> error{0, noise};
  std::vector<urb::Cell> cells(4);
  std::vector<std::size_t> order;
  for (unsigned repeat = 0; repeat < repeats; ++repeat) {
    std::vector<std::size_t> round{0, 1, 2, 3};
    std::shuffle(round.begin(), round.end(), random);
    order.insert(order.end(), round.begin(), round.end());
  }
  for (std::size_t index = 0; index < order.size(); ++index) {
    const double place = static_cast<double>(index) / static_cast<double>(order.size() - 1);
    urb::Row row;
    row.trial_order = index + 1;
    row.requests_per_s = std::pow(10.0, order[index]) * (1 + drift * place) * (1 + error(random));
    cells[order[index]].add(row);
  }
  return cells;
}

}  // namespace

TEST_CASE("drift: a change over the run is found, with its size and sign") {
  for (const double drift : {-0.2, -0.1, 0.1, 0.3}) {
    CAPTURE(drift);
    const auto found = urb::find_drift(make_run(10, drift, 0.01, 1));
    REQUIRE(found.has_value());
    CHECK(*found == doctest::Approx(drift).epsilon(0.25));
  }
}

TEST_CASE("drift: noise is none, in 1 run of 100 at most by chance") {
  int alarms = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    if (urb::find_drift(make_run(5, 0, 0.1, seed))) ++alarms;
  }
  CHECK(alarms <= 8);  // 3 are expected, more than 8 come once in 250 times
}

TEST_CASE("drift: too few trials, or too small a change, say nothing") {
  CHECK_FALSE(urb::find_drift(make_run(2, -0.5, 0, 1)).has_value());
  CHECK_FALSE(urb::find_drift(make_run(10, -0.01, 0.0001, 1)).has_value());
  CHECK_FALSE(urb::find_drift({}).has_value());
}

TEST_SUITE_END();
