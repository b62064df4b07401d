// Walks through the rounds of a run: each trial's row is saved before the next starts, a failure
// does not stop the others, an interruption keeps what is there. Rounds go on until what is
// compared is known precisely, or a budget of time is used up.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "base/clock.hpp"
#include "experiment/matrix.hpp"
#include "experiment/precision.hpp"
#include "experiment/trial.hpp"
#include "probe/host.hpp"
#include "report/cell.hpp"
#include "report/console.hpp"

namespace urb {

/// When a run has enough rounds, beyond the first `Grid::repeats`.
struct RoundRules {
  double precision = 0.05;                  ///< as judge_precision() takes it
  Nanos budget = std::chrono::seconds{60};  ///< for further rounds and repeated trials; 0: none
  bool accept_disturbed = false;            ///< disturbed trials count like the others
  [[nodiscard]] bool has_budget() const noexcept { return budget > Nanos{0}; }
};

struct RunPlan {
  Grid grid;
  RoundRules rules;
  Warnings warnings;        ///< go to every row
  Nanos planned_per_trial;  ///< for the first estimate of the end
};

/// What is around the runner, so that tests need no server, no disk and no time.
struct RunnerHooks {
  std::function<TrialOutcome(const TrialSpec&, const TrialProgress&)> run_trial;
  std::function<void(const Row&)> save_row;               ///< may throw runtime_error: the run ends
  std::function<void(const TrialOutcome&)> keep_outcome;  ///< of every row, saved or not
  std::function<void(const Progress&)> show_progress;
  std::function<Nanos()> now = monotonic_now;
};

struct RunResult {
  std::vector<Cell> cells;  ///< in the grid's order
  std::size_t total = 0;    ///< trials planned, those beyond the first repeats included
  std::size_t ok_count = 0;
  std::size_t failed_count = 0;
  std::size_t unsupported_count = 0;
  std::size_t disturbed_count = 0;  ///< of the ok
  std::string disturber;            ///< the busiest of the others in the last of them
  bool interrupted = false;
  std::string
      save_failure;  ///< why a row could not be kept; its trial is in the cells all the same
  std::vector<GroupPrecision> precision;  ///< what was reached
  Nanos beyond_repeats{0};                ///< what was used of the budget
  [[nodiscard]] std::size_t done_count() const noexcept {
    return ok_count + failed_count + unsupported_count;
  }
};

/// A disturbed trial is repeated at the end of its round, under the same number, at most twice. A
/// further round has the groups that are not precise yet, the least precise first where the
/// budget does not last for all.
[[nodiscard]] RunResult run_experiment(const RunPlan& plan, const RunnerHooks& hooks,
                                       const std::atomic<bool>& stop);

/// 0: all trials have figures; 77: none could run for lack of support; 1: anything else.
[[nodiscard]] int exit_code_of(const RunResult& result) noexcept;

/// What is doubtful about a whole run.
[[nodiscard]] Warnings find_run_warnings(const Host& host, const Build& build, unsigned repeats);

}  // namespace urb
