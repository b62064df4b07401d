// Walks the list of trials: each one's row is saved before the next starts, a failure does not
// stop the others, an interruption keeps what is there.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "experiment/matrix.hpp"
#include "experiment/trial.hpp"
#include "probe/host.hpp"
#include "report/cell.hpp"
#include "report/console.hpp"

namespace urb {

/// The two sides of the runner, so that tests need no server and no disk.
struct RunnerHooks {
  std::function<TrialOutcome(const TrialSpec&, const TrialProgress&)> run_trial;
  std::function<void(const Row&)> save_row;               ///< may throw runtime_error: the run ends
  std::function<void(const TrialOutcome&)> keep_outcome;  ///< of every row, saved or not
  std::function<void(const Progress&)> show_progress;
};

struct RunResult {
  std::vector<Cell> cells;  ///< in the grid's order
  std::size_t total = 0;    ///< trials planned
  std::size_t ok_count = 0;
  std::size_t failed_count = 0;
  std::size_t unsupported_count = 0;
  bool interrupted = false;
  std::string
      save_failure;  ///< why a row could not be kept; its trial is in the cells all the same
  [[nodiscard]] std::size_t done_count() const noexcept {
    return ok_count + failed_count + unsupported_count;
  }
};

/// `run_warnings` go to every row; `planned_per_trial` is for the first estimate of the end.
[[nodiscard]] RunResult run_experiment(const Grid& grid, const Warnings& run_warnings,
                                       Nanos planned_per_trial, const RunnerHooks& hooks,
                                       const std::atomic<bool>& stop);

/// 0: all trials have figures; 77: none could run for lack of support; 1: anything else.
[[nodiscard]] int exit_code_of(const RunResult& result) noexcept;

/// What is doubtful about a whole run.
[[nodiscard]] Warnings find_run_warnings(const Host& host, const Build& build, unsigned repeats);

}  // namespace urb
