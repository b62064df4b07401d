// How long a run goes on: with trials that are made up, and a clock that they turn.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "experiment/run_summary.hpp"
#include "experiment/runner.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using urb::TrialOutcome;
using urb::TrialSpec;

constexpr urb::Nanos kTrial = std::chrono::seconds{1};

// Two modes and two bodies. A trial takes a second, and its rate is what `rate` says.
struct Bench {
  urb::RunPlan plan{
      .grid = {.subjects = {{"socket"}, {"direct"}}, .bodies = {{1024}, {4096}}, .reuses = {true}},
      .rules = {},
      .warnings = {},
      .planned_per_trial = kTrial};
  urb::Nanos clock{0};
  std::vector<urb::Row> rows;
  std::vector<std::string> lines;
  std::function<double(const TrialSpec&)> rate = [](const TrialSpec&) { return 100; };
  std::function<std::string(const TrialSpec&)> disturbed = [](const TrialSpec&) { return ""; };

  std::function<bool(const TrialSpec&)> fails = [](const TrialSpec&) { return false; };

  urb::RunResult run() {
    const urb::RunnerHooks hooks{.run_trial =
                                     [this](const TrialSpec& spec, const urb::TrialProgress&) {
                                       clock += kTrial;
                                       TrialOutcome outcome;
                                       outcome.row.run_id = "run";
                                       outcome.row.mode = spec.cell.mode;
                                       outcome.row.body_bytes = spec.cell.body.value;
                                       outcome.row.repeat = spec.repeat;
                                       outcome.row.trial_order = spec.order;
                                       outcome.row.requests_per_s = rate(spec);
                                       outcome.row.disturbed = disturbed(spec);
                                       outcome.disturber = "cc1plus";
                                       if (fails(spec)) outcome.row.status = urb::Status::failed;
                                       return outcome;
                                     },
                                 .save_row = [this](const urb::Row& row) { rows.push_back(row); },
                                 .keep_outcome = {},
                                 .show_progress =
                                     [this](const urb::Progress& progress) {
                                       lines.push_back(urb::format_progress(progress, 80));
                                     },
                                 .now = [this] { return clock; }};
    const std::atomic<bool> stop{false};
    return run_experiment(plan, hooks, stop);
  }
  [[nodiscard]] std::map<std::uint64_t, int> trials_by_body() const {
    std::map<std::uint64_t, int> counts;
    for (const urb::Row& row : rows) ++counts[row.body_bytes];
    return counts;
  }
};

// Of the large body, only the first rounds are wild.
double settles(const TrialSpec& spec) {
  const bool is_wild = spec.cell.body.value == 4096 && spec.cell.mode == "socket";
  return is_wild && spec.repeat < 3 ? 50 : 100;
}

}  // namespace

TEST_CASE("rounds of a run: the first repeats suffice where they are precise") {
  Bench bench;
  const urb::RunResult result = bench.run();
  CHECK(bench.rows.size() == 20);
  CHECK(result.total == 20);
  CHECK(result.beyond_repeats == urb::Nanos{0});
  CHECK(describe_precision(result, bench.plan.rules) ==
        "1kB reuse: precise to ±0.0 % after 5 rounds\n"
        "4kB reuse: precise to ±0.0 % after 5 rounds\n");
}

TEST_CASE("rounds of a run: further ones have the groups that are not precise, until they are") {
  Bench bench;
  bench.rate = settles;
  const urb::RunResult result = bench.run();
  // From 17 rounds on, the means of pairs with a wild round are too few for the interval's ends.
  const std::map<std::uint64_t, int> expected{{1024, 10}, {4096, 34}};
  CHECK(bench.trials_by_body() == expected);
  CHECK(result.total == 44);
  CHECK(result.done_count() == 44);
  CHECK(exit_code_of(result) == 0);
  CHECK(result.beyond_repeats == 24 * kTrial);
  CHECK(describe_precision(result, bench.plan.rules) ==
        "1kB reuse: precise to ±0.0 % after 5 rounds\n"
        "4kB reuse: precise to ±0.0 % after 17 rounds\n");
  for (std::size_t at = 0; at < bench.rows.size(); ++at) {
    CHECK(bench.rows[at].trial_order == at + 1);
  }
  CHECK(bench.rows.back().repeat == 17);
}

TEST_CASE("rounds of a run: the same seed gives the same order, another does not") {
  const auto order_with = [](std::uint64_t seed) {
    Bench bench;
    bench.plan.grid.seed = seed;
    bench.rate = settles;
    (void)bench.run();
    std::string order;
    for (const urb::Row& row : bench.rows) order += row.mode + std::to_string(row.body_bytes);
    return order;
  };
  CHECK(order_with(1) == order_with(1));
  CHECK(order_with(1) != order_with(2));
}

TEST_CASE("rounds of a run: a budget ends them, and none means none") {
  Bench bench;
  bench.rate = [](const TrialSpec& spec) {
    return spec.cell.mode == "socket" ? 100 + 50 * (spec.repeat % 2) : 100;
  };
  bench.plan.rules.budget = 10 * kTrial;
  const urb::RunResult result = bench.run();
  // Two rounds of four trials, and one of the group that two seconds are enough for.
  CHECK(bench.rows.size() == 30);
  CHECK(result.beyond_repeats == 10 * kTrial);
  const std::string text = describe_precision(result, bench.plan.rules);
  CAPTURE(text);
  CHECK(text.find("±22.5 % (socket, req/s) after 8 rounds, 10 s beyond --repeats: --budget or "
                  "--duration was not enough\n") != std::string::npos);

  Bench without;
  without.rate = bench.rate;
  without.plan.rules.budget = urb::Nanos{0};
  CHECK(without.run().done_count() == 20);
}

TEST_CASE("rounds of a run: a failure ends what goes beyond the repeats") {
  Bench bench;
  bench.rate = [](const TrialSpec& spec) {
    return spec.cell.mode == "socket" ? 100 + 50 * (spec.repeat % 2) : 100;
  };
  bench.fails = [](const TrialSpec& spec) {
    return spec.repeat == 6 && spec.cell.mode == "socket";
  };
  const urb::RunResult result = bench.run();
  CHECK(bench.rows.size() == 24);
  CHECK(exit_code_of(result) == 1);
  CHECK(describe_precision(result, bench.plan.rules).find("not enough") == std::string::npos);
}

TEST_CASE("rounds of a run: progress names the least and the most time that is left") {
  Bench bench;
  bench.plan.rules.budget = 10 * kTrial;
  (void)bench.run();
  CHECK(bench.lines.front().ends_with("0:20 to 0:30 left"));
  bench.plan.rules.budget = urb::Nanos{0};
  bench.lines.clear();
  (void)bench.run();
  CHECK(bench.lines.front().ends_with("  0:20 left"));
}

TEST_CASE("rounds of a run: a disturbed trial is repeated in its round under its number") {
  Bench bench;
  bench.plan.grid.bodies = {{1024}};
  int left = 2;
  bench.disturbed = [&left](const TrialSpec& spec) {
    const bool is_hit = spec.repeat == 2 && spec.cell.mode == "socket" && left > 0;
    if (is_hit) --left;
    return is_hit ? "foreign" : "";
  };
  const urb::RunResult result = bench.run();
  CHECK(result.disturbed_count == 2);
  CHECK(result.done_count() == 12);
  CHECK(result.total == 12);
  CHECK(exit_code_of(result) == 0);
  CHECK(result.cells[0].rows.size() == 5);
  CHECK(result.cells[0].disturbed_count == 2);
  // Trials 3 and 4 are the round, 5 and 6 repeat its socket.
  for (const std::size_t at : {4, 5}) {
    CHECK(bench.rows[at].mode == "socket");
    CHECK(bench.rows[at].repeat == 2);
    CHECK(bench.rows[at].trial_order == at + 1);
  }
  CHECK(bench.rows[4].disturbed == "foreign");
  CHECK(bench.rows[5].disturbed.empty());
  CHECK(bench.rows[6].repeat == 3);
  CHECK(describe_disturbed(result) ==
        "2 of 12 trials were disturbed, and the busiest of the others was cc1plus");
}

TEST_CASE("rounds of a run: at most two repeats of a trial, none without a budget") {
  Bench bench;
  bench.plan.grid = {.subjects = {{"socket"}}, .bodies = {{1024}}, .reuses = {true}, .repeats = 1};
  bench.plan.rules.budget = kTrial * 2;
  bench.disturbed = [](const TrialSpec&) { return "steal;yardstick"; };
  const urb::RunResult result = bench.run();
  CHECK(bench.rows.size() == 3);
  CHECK(exit_code_of(result) == 0);
  CHECK(describe_disturbed(result) ==
        "3 of 3 trials were disturbed, so there are no figures of socket "
        "1kB reuse: end other programs, or use --accept-disturbed");
  bench.plan.rules.budget = urb::Nanos{0};
  bench.rows.clear();
  CHECK(bench.run().disturbed_count == 1);
  CHECK(bench.rows.size() == 1);
}

TEST_CASE("rounds of a run: disturbed trials that are accepted count, and are not repeated") {
  Bench bench;
  bench.plan.rules.accept_disturbed = true;
  bench.disturbed = [](const TrialSpec&) { return "foreign"; };
  const urb::RunResult result = bench.run();
  CHECK(bench.rows.size() == 20);
  CHECK(result.disturbed_count == 20);
  CHECK(result.cells[0].rows.size() == 5);
  CHECK(describe_disturbed(result) ==
        "20 of 20 trials were disturbed, and the busiest of the others was cc1plus");
}

TEST_SUITE_END();
