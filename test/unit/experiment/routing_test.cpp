// Routing keys, and what becomes of them in each mode: the column routing_fidelity, end to end.
#include "experiment/routing.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <set>

#include "base/error.hpp"
#include "experiment/trial.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

constexpr unsigned kWorkers = 4;

// Of one trial by key; the request count is of the row.
double fidelity_of(const char* mode, bool reuse) {
  urb::TrialSetup setup;
  setup.server.workers = kWorkers;
  setup.server.policy = urb::Policy::key;
  setup.load.connections = 8;
  setup.load.requests = 600;
  setup.load.warmup = urb::Nanos{0};

  urb::TrialSpec spec;
  spec.cell = {{mode}, urb::Bytes{100}, reuse};
  const std::atomic<bool> stop{false};
  const urb::TrialOutcome outcome = run_trial(setup, spec, {}, stop);
  CHECK(outcome.row.warnings == "");
  REQUIRE(outcome.row.routing_fidelity.has_value());
  return *outcome.row.routing_fidelity;
}

// Of 600 requests that go anywhere: a quarter, within five standard deviations.
void check_by_chance(double fidelity) {
  CHECK(fidelity > 0.16);
  CHECK(fidelity < 0.34);
}

}  // namespace

TEST_CASE("routing: each worker has as many keys as any other, and none is there twice") {
  for (const unsigned workers : {1U, 2U, 5U, 64U}) {
    CAPTURE(workers);
    std::map<unsigned, int> count;
    std::set<std::string> keys;
    for (const urb::Route& route : urb::make_routes(workers)) {
      ++count[route.worker];
      keys.insert(route.key);
    }
    CHECK(count.size() == workers);
    for (const auto& [worker, keys_of_it] : count) CHECK(keys_of_it == 2);
    CHECK(keys.size() == 2 * workers);
  }
}

TEST_CASE("routing: passthru sends every request to the worker of its key") {
  CHECK(fidelity_of("passthru", false) == 1.0);
  CHECK(fidelity_of("passthru", true) == 1.0);
}

TEST_CASE("routing: socket does so for the first request of a connection only") {
  CHECK(fidelity_of("socket", false) == 1.0);
  check_by_chance(fidelity_of("socket", true));
}

TEST_CASE("routing: cluster has read no key when it chooses, and direct refuses") {
  for (const bool reuse : {false, true}) {
    CAPTURE(reuse);
    check_by_chance(fidelity_of("cluster", reuse));
    CHECK_THROWS_AS(fidelity_of("direct", reuse), urb::UsageError);
  }
}

TEST_SUITE_END();
