// The highest rate that keeps a bound: the search alone, and against servers made of arithmetic.
#include "experiment/rate_search.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

#include "experiment/rate_walk.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

LatencyBound bound_of(std::string_view text) {
  const auto parsed = parse_bound(text);
  REQUIRE(std::holds_alternative<LatencyBound>(parsed));
  return std::get<LatencyBound>(parsed);
}

/// One request after the other, a millisecond each; it does nothing in the first second of ten.
struct StallingServer {
  static constexpr std::int64_t kServiceNs = 1'000'000;
  static constexpr std::int64_t kPeriodNs = 10'000'000'000;
  static constexpr std::int64_t kStallNs = 1'000'000'000;
  bool stalls = true;

  /// Of all requests planned within ten periods.
  [[nodiscard]] Histogram latency_at(std::uint64_t rate) const {
    Histogram latency;
    std::int64_t free_at = 0;
    const std::uint64_t count = rate * 100;
    for (std::uint64_t index = 0; index < count; ++index) {
      const auto planned = static_cast<std::int64_t>(index * 1'000'000'000 / rate);
      std::int64_t start = std::max(planned, free_at);
      if (stalls && start % kPeriodNs < kStallNs) start += kStallNs - start % kPeriodNs;
      free_at = start + kServiceNs;
      latency.record(Nanos{free_at - planned});
    }
    return latency;
  }
};

RatePlan plan_of(std::string_view bound) {
  RatePlan plan{.grid = {}, .bound = bound_of(bound), .warnings = {}};
  plan.grid.subjects = {{.mode = "direct"}, {.mode = "cluster"}};
  plan.grid.bodies = {Bytes{1024}};
  plan.grid.reuses = {true};
  plan.trials = 1;
  return plan;
}

TrialOutcome outcome_of(const TrialSpec& spec, Histogram latency) {
  TrialOutcome outcome;
  outcome.row.status = Status::ok;
  outcome.row.mode = spec.cell.mode;
  outcome.row.requests_per_s = static_cast<double>(*spec.rate);
  outcome.latency = std::move(latency);
  return outcome;
}

}  // namespace

TEST_CASE("find rate: a bound is a percentile or the maximum, below a time") {
  CHECK(bound_of("p99<5ms").quantile == doctest::Approx(0.99));
  CHECK(bound_of("p99<5ms").below == milliseconds{5});
  CHECK(bound_of("p99.9<1s").quantile == doctest::Approx(0.999));
  CHECK(bound_of("max<250us").quantile == 1);
  CHECK(bound_of("p50<2ms").text == "p50<2ms");
  for (const char* const bad :
       {"", "p99", "<5ms", "99<5ms", "p<5ms", "p0<5ms", "p100<5ms", "px<5ms", "p99<", "p99<5",
        "p99<0ms", "p99<2m", "p99>5ms", "mean<5ms"}) {
    CAPTURE(bad);
    CHECK(std::holds_alternative<ParseError>(parse_bound(bad)));
  }
}

TEST_CASE("find rate: any border is found from any start, within the tolerance") {
  for (const std::uint64_t border : {1ULL, 2ULL, 3ULL, 77ULL, 1000ULL, 1024ULL, 123'456ULL}) {
    for (const std::uint64_t start : {1ULL, 1000ULL, 1'000'000ULL}) {
      CAPTURE(border);
      CAPTURE(start);
      RateSearch search{start, 1};
      int trials = 0;
      while (const auto rate = search.next()) {
        REQUIRE(++trials < 60);
        search.tell(*rate <= border);
      }
      REQUIRE(search.highest_kept());
      REQUIRE(search.lowest_broken());
      CHECK(*search.highest_kept() <= border);
      CHECK(*search.lowest_broken() > border);
      const auto kept = static_cast<double>(*search.highest_kept());
      const bool is_close = static_cast<double>(*search.lowest_broken()) <= kept * 1.02 ||
                            *search.lowest_broken() == *search.highest_kept() + 1;
      CHECK(is_close);
    }
  }
}

TEST_CASE("find rate: nothing keeps it, or everything does") {
  RateSearch none{1000, 1};
  while (none.next()) none.tell(false);
  CHECK_FALSE(none.highest_kept());
  CHECK(none.lowest_broken() == 1);
  RateSearch all{1000, 1};
  while (all.next()) all.tell(true);
  CHECK(all.highest_kept() == RateSearch::kMost);
  CHECK_FALSE(all.lowest_broken());
}

TEST_CASE("find rate: most of the trials at a rate decide, and a single one does not") {
  RateSearch search{1000, 3};
  search.tell(false);
  CHECK(search.next() == 1000);
  search.tell(true);
  CHECK(search.next() == 1000);
  search.tell(true);
  CHECK(search.next() == 2000);
  search.tell(false);
  search.tell(false);  // the third would change nothing
  CHECK(search.next() == 1414);
}

TEST_CASE("find rate: on a server that stalls 1 s in 10, the rate that arithmetic allows") {
  // Of capacity 1000/s. At rate R, a request planned t into the stall takes 1 - t + t R / 1000 and
  // its own millisecond. More than x seconds take those of t < (1.001 - x) / (1 - R / 1000), and
  // t = 0.1 s is 1 % of all.
  struct Case {
    const char* bound;
    double rate;  // 0: none
  };
  for (const Case& expected : {
           Case{"p99<950ms", 490},  // 1 - R / 1000 >= 0.51
           Case{"p99<980ms", 790},  // 1 - R / 1000 >= 0.21
           Case{"p99<850ms", 0},    // 1.5 % wait longer at any rate
           Case{"p50<2ms", 800},    // the stall and what it has left to do are half of the time
       }) {
    CAPTURE(expected.bound);
    const StallingServer server;
    const RunnerHooks hooks{.run_trial = [&](const TrialSpec& spec, const TrialProgress&) {
      return outcome_of(spec, server.latency_at(*spec.rate));
    }};
    const std::atomic<bool> stop{false};
    RatePlan plan = plan_of(expected.bound);
    plan.start = 100;
    for (const RateCurve& curve : find_rates(plan, hooks, stop)) {
      CHECK(curve.is_over);
      if (expected.rate == 0) {
        // But at a request every other second none need meet a stall.
        CHECK(curve.highest_kept.value_or(0) <= 10);
        continue;
      }
      REQUIRE(curve.highest_kept);
      CHECK(static_cast<double>(*curve.highest_kept) ==
            doctest::Approx(expected.rate).epsilon(0.03));
    }
  }
  // Without stalls it is the capacity.
  const StallingServer server{.stalls = false};
  const RunnerHooks hooks{.run_trial = [&](const TrialSpec& spec, const TrialProgress&) {
    return outcome_of(spec, server.latency_at(*spec.rate));
  }};
  const std::atomic<bool> stop{false};
  const auto curves = find_rates(plan_of("p99<5ms"), hooks, stop);
  CHECK(static_cast<double>(*curves[0].highest_kept) == doctest::Approx(1000).epsilon(0.03));
}

TEST_CASE("find rate: rounds go over all cells, disturbed trials do not count, failures do") {
  int trials = 0;
  std::set<std::string> first_round;
  std::vector<std::string> saved;
  const RunnerHooks hooks{.run_trial =
                              [&](const TrialSpec& spec, const TrialProgress&) {
                                if (++trials <= 2) first_round.insert(spec.cell.mode);
                                TrialOutcome outcome = outcome_of(spec, {});
                                outcome.latency.record(milliseconds{1});
                                if (spec.cell.mode == "cluster") {
                                  outcome.row.status = Status::failed;
                                  outcome.row.warnings = "12 requests failed";
                                } else if (spec.repeat == 1) {
                                  // Slow, but for a reason that is not the server's.
                                  outcome.row.disturbed = "foreign";
                                  outcome.latency.record(seconds{1});
                                } else if (*spec.rate > 1500) {
                                  outcome.warnings.insert(Warning::rate_not_reached);
                                }
                                return outcome;
                              },
                          .save_row = [&](const Row& row) { saved.push_back(row.mode); }};
  const std::atomic<bool> stop{false};
  const RatePlan plan = plan_of("max<5ms");
  const auto curves = find_rates(plan, hooks, stop);
  CHECK(first_round.size() == 2);
  CHECK(saved.size() == static_cast<std::size_t>(trials));
  CHECK(static_cast<double>(*curves[0].highest_kept) == doctest::Approx(1500).epsilon(0.03));
  CHECK_FALSE(curves[1].highest_kept);
  const std::string text = format_curves(curves, plan.bound);
  CHECK(text.find("no rate keeps it, the last reason: 12 requests failed") != std::string::npos);
  CHECK(text.find("| 1000") != std::string::npos);
  CHECK(text.find("Highest rate: 14") != std::string::npos);
}

}  // namespace urb

TEST_SUITE_END();
