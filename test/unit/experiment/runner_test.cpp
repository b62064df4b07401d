// The runner with trials that are made up: what is saved, when, and what ends a run.
#include "experiment/runner.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

TEST_SUITE_BEGIN("unit");

namespace {

using urb::Status;
using urb::TrialOutcome;
using urb::TrialSpec;

// Two modes, one body, one reuse, three repeats: six trials. Keeps a log of what happens.
struct Bench {
  urb::Grid grid;
  urb::RoundRules rules{.budget = urb::Nanos{0}};
  std::vector<std::string> log;
  std::atomic<bool> stop{false};
  urb::Warnings run_warnings;
  urb::RunnerHooks hooks;

  Bench() {
    grid.subjects = {{"cluster"}, {"direct"}};
    grid.bodies = {urb::Bytes{1024}};
    grid.reuses = {true};
    grid.repeats = 3;
    hooks.run_trial = [this](const TrialSpec& spec, const urb::TrialProgress&) {
      log.push_back("run " + std::to_string(spec.order));
      return outcome_of(spec, Status::ok);
    };
    hooks.save_row = [this](const urb::Row& row) {
      log.push_back("save " + std::to_string(row.trial_order));
    };
  }

  static TrialOutcome outcome_of(const TrialSpec& spec, Status status) {
    TrialOutcome outcome;
    outcome.row.mode = spec.cell.mode;
    outcome.row.trial_order = spec.order;
    outcome.row.status = status;
    if (status == Status::ok) outcome.row.requests_per_s = 100;
    if (status != Status::ok) outcome.row.warnings = "because";
    return outcome;
  }

  urb::RunResult run() {
    return run_experiment({grid, rules, run_warnings, std::chrono::seconds{1}}, hooks, stop);
  }
};

}  // namespace

TEST_CASE("runner: each row is saved before the next trial starts") {
  Bench bench;
  const urb::RunResult result = bench.run();
  CHECK(bench.log == std::vector<std::string>{"run 1", "save 1", "run 2", "save 2", "run 3",
                                              "save 3", "run 4", "save 4", "run 5", "save 5",
                                              "run 6", "save 6"});
  CHECK(result.ok_count == 6);
  CHECK(exit_code_of(result) == 0);
  REQUIRE(result.cells.size() == 2);
  CHECK(result.cells[0].mode == "cluster");
  CHECK(result.cells[0].rows.size() == 3);
}

TEST_CASE("runner: a failed trial is saved with its reason, the others run, the exit is 1") {
  Bench bench;
  std::vector<std::string> reasons;
  bench.hooks.run_trial = [](const TrialSpec& spec, const urb::TrialProgress&) {
    return Bench::outcome_of(spec, spec.cell.mode == "direct" ? Status::failed : Status::ok);
  };
  bench.hooks.save_row = [&](const urb::Row& row) { reasons.push_back(row.warnings); };
  bench.run_warnings = {urb::Warning::few_repeats};
  const urb::RunResult result = bench.run();
  CHECK(result.failed_count == 3);
  CHECK(result.ok_count == 3);
  CHECK(exit_code_of(result) == 1);
  CHECK(std::count(reasons.begin(), reasons.end(), "because") == 3);
  CHECK(std::count(reasons.begin(), reasons.end(), "few_repeats") == 3);
  CHECK_FALSE(result.cells[1].has_figures());
}

TEST_CASE("runner: 77 only when nothing could run for lack of support") {
  Bench bench;
  bench.hooks.run_trial = [](const TrialSpec& spec, const urb::TrialProgress&) {
    return Bench::outcome_of(spec, Status::unsupported);
  };
  CHECK(exit_code_of(bench.run()) == 77);
  bench.hooks.run_trial = [](const TrialSpec& spec, const urb::TrialProgress&) {
    return Bench::outcome_of(spec, spec.order == 1 ? Status::ok : Status::unsupported);
  };
  CHECK(exit_code_of(bench.run()) == 1);
}

TEST_CASE("runner: an interrupted trial leaves no row, those before it stay") {
  Bench bench;
  bench.hooks.run_trial = [&](const TrialSpec& spec, const urb::TrialProgress&) {
    TrialOutcome outcome = Bench::outcome_of(spec, Status::ok);
    outcome.interrupted = spec.order == 3;
    return outcome;
  };
  const urb::RunResult result = bench.run();
  CHECK(result.interrupted);
  CHECK(result.done_count() == 2);
  CHECK(result.total == 6);
  CHECK(bench.log == std::vector<std::string>{"save 1", "save 2"});
  CHECK(exit_code_of(result) == 1);
}

TEST_CASE("runner: a stop between trials starts no further one") {
  Bench bench;
  bench.hooks.save_row = [&](const urb::Row&) { bench.stop = true; };
  const urb::RunResult result = bench.run();
  CHECK(result.interrupted);
  CHECK(result.done_count() == 1);
}

TEST_CASE("runner: a row that cannot be saved ends the run, and what was measured is shown") {
  Bench bench;
  bench.hooks.save_row = [](const urb::Row& row) {
    if (row.trial_order == 2) throw std::runtime_error("disk full");
  };
  const urb::RunResult result = bench.run();
  CHECK(result.save_failure == "disk full");
  CHECK(result.done_count() == 2);
  CHECK(exit_code_of(result) == 1);
  CHECK(bench.log == std::vector<std::string>{"run 1", "run 2"});
}

TEST_CASE("runner: progress counts trials and requests") {
  Bench bench;
  std::vector<std::string> lines;
  bench.hooks.show_progress = [&](const urb::Progress& progress) {
    lines.push_back(std::to_string(progress.done) + "/" + std::to_string(progress.total) + " " +
                    std::to_string(static_cast<int>(progress.requests_per_s)));
  };
  bench.hooks.run_trial = [](const TrialSpec& spec, const urb::TrialProgress& on_progress) {
    on_progress(std::chrono::milliseconds{500}, 100);
    on_progress(std::chrono::milliseconds{600}, 150);
    on_progress(std::chrono::milliseconds{1000}, 200);
    return Bench::outcome_of(spec, Status::ok);
  };
  bench.grid.repeats = 1;
  (void)bench.run();
  // 100 in 500 ms; too soon for another figure; 100 more in the next 500 ms.
  CHECK(lines == std::vector<std::string>{"0/2 0", "0/2 200", "0/2 200", "0/2 200", "1/2 0",
                                          "1/2 200", "1/2 200", "1/2 200"});
}

TEST_CASE("runner: a run's warnings come from host, build and repeats") {
  using urb::Warning;
  urb::Host host;
  host.load_average = 100;  // of the minute before: the rows themselves say who is busy
  CHECK(find_run_warnings(host, {}, 5).empty());
  const urb::Build build{.optimised = false, .sanitized = true};
  CHECK(find_run_warnings(host, build, 4) ==
        urb::Warnings{Warning::debug_build, Warning::sanitized_build, Warning::few_repeats});
}

TEST_SUITE_END();
