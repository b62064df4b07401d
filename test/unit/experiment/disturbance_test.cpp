// Made machines: what is called a disturbance, and when a machine is steady.
#include "experiment/disturbance.hpp"

#include <doctest/doctest.h>

TEST_SUITE_BEGIN("unit");

using urb::find_disturbance;
using urb::HostUse;
using urb::MachineState;
using urb::Yardsticks;

namespace {

MachineState with_shares(double foreign, double steal) {
  MachineState state;
  state.use = HostUse{
      .capacity_s = 2, .busy_s = 2, .steal_s = 2 * steal, .foreign_s = 2 * foreign, .busiest = {}};
  return state;
}

// Gives one rate after the other, the last for ever.
struct Rates {
  std::vector<double> left;
  double operator()() {
    const double rate = left.front();
    if (left.size() > 1) left.erase(left.begin());
    return rate;
  }
};

const std::atomic<bool> kGoOn{false};

}  // namespace

TEST_CASE("disturbance: others and the hypervisor together may have two percent") {
  CHECK(find_disturbance({}).empty());
  CHECK(find_disturbance(with_shares(0.019, 0)).empty());
  CHECK(find_disturbance(with_shares(0.021, 0)) == "foreign");
  CHECK(find_disturbance(with_shares(0, 0.021)) == "steal");
  CHECK(find_disturbance(with_shares(0.03, 0.03)) == "foreign;steal");
  CHECK(find_disturbance(with_shares(0.015, 0.01)) == "foreign");
  CHECK(find_disturbance(with_shares(0.01, 0.015)) == "steal");
  // One tick of a short window is a large share of it.
  MachineState brief = with_shares(0, 0);
  brief.use->capacity_s = 0.2;
  brief.use->steal_s = 0.01;
  CHECK(find_disturbance(brief).empty());
  brief.use->steal_s = 0.02;
  CHECK(find_disturbance(brief) == "steal");
}

TEST_CASE("disturbance: a yardstick off the run's median, slow or fast, before or behind") {
  MachineState state{.use = {}, .yardsticks = {5.8, 6.2}, .run_median = 6, .reported_kib = {}};
  CHECK(find_disturbance(state).empty());
  state.yardsticks = {5.6, 6};
  CHECK(find_disturbance(state) == "yardstick");
  state.yardsticks = {6, 6.4};
  CHECK(find_disturbance(state) == "yardstick");
  state.run_median = 0;
  CHECK(find_disturbance(state).empty());
}

TEST_CASE("disturbance: memory that went back to the host") {
  MachineState state;
  state.reported_kib = urb::kReportedKibMax;
  CHECK(find_disturbance(state).empty());
  state.reported_kib = urb::kReportedKibMax + 1;
  CHECK(find_disturbance(state) == "pages");
}

TEST_CASE("yardsticks: the first trial waits until three agree") {
  int measured = 0;
  Rates rates{{3, 4, 5, 5.9, 6, 6.1, 99}};
  Yardsticks yardsticks{[&] {
    ++measured;
    return rates();
  }};
  CHECK(yardsticks.settle(kGoOn) == 6);
  CHECK(measured == 6);
  CHECK(yardsticks.median() == 6);
}

TEST_CASE("yardsticks: later trials wait for the speed of the run, but not for ever") {
  Rates rates{{6, 6, 6, 3, 3, 3, 6, 6, 6, 3}};
  Yardsticks yardsticks{[&] { return rates(); }};
  CHECK(yardsticks.settle(kGoOn) == 6);
  CHECK(yardsticks.settle(kGoOn) == 6);
  CHECK(yardsticks.look() == 3);
  CHECK(yardsticks.median() == 6);
  CHECK(yardsticks.settle(kGoOn) == 3);  // the machine stays slow: said, after the patience
  const std::atomic<bool> stop{true};
  CHECK(yardsticks.settle(stop) == 3);
}

TEST_SUITE_END();
