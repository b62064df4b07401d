// The loop over the trials.
#include "experiment/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/clock.hpp"
#include "base/exit_code.hpp"
#include "report/drift.hpp"

namespace urb {
namespace {

std::vector<Cell> make_empty_cells(const Grid& grid) {
  std::vector<Cell> cells;
  for (const CellSpec& spec : make_cells(grid)) {
    Cell& cell = cells.emplace_back();
    cell.mode = spec.mode;
    cell.body = spec.body;
    cell.reuse = spec.reuse;
  }
  return cells;
}

// Turns a trial's "so far" into what the progress line shows.
class ProgressMeter {
 public:
  ProgressMeter(const RunnerHooks& hooks, std::size_t total, Nanos planned_per_trial)
      : show_{hooks.show_progress}, total_{total}, planned_per_trial_{planned_per_trial} {}

  void begin_trial(const TrialSpec& spec, std::size_t done) {
    started_ = monotonic_now();
    left_at_start_ = estimate_remaining(done, total_, started_ - run_started_, planned_per_trial_);
    progress_ = {.done = done,
                 .total = total_,
                 .label = fmt::format("{} {} {}", spec.cell.mode, format_body(spec.cell.body),
                                      spec.cell.reuse ? "reuse" : "no reuse"),
                 .requests_per_s = 0,
                 .remaining = left_at_start_};
    last_elapsed_ = Nanos{0};
    last_requests_ = 0;
    if (show_) show_(progress_);
  }

  void update(Nanos elapsed, std::uint64_t requests) {
    // Half a second of requests, so that the figure can be read.
    constexpr Nanos kInterval = std::chrono::milliseconds{500};
    if (elapsed - last_elapsed_ >= kInterval) {
      const auto gained = static_cast<double>(requests - std::min(requests, last_requests_));
      progress_.requests_per_s = gained / to_seconds(elapsed - last_elapsed_);
      last_elapsed_ = elapsed;
      last_requests_ = requests;
    }
    progress_.remaining = std::max(Nanos{0}, left_at_start_ - (monotonic_now() - started_));
    if (show_) show_(progress_);
  }

 private:
  const std::function<void(const Progress&)>& show_;
  std::size_t total_;
  Nanos planned_per_trial_;
  Nanos run_started_ = monotonic_now();
  Nanos started_{0};
  Nanos left_at_start_{0};
  Nanos last_elapsed_{0};
  std::uint64_t last_requests_ = 0;
  Progress progress_;
};

void count(RunResult& result, Status status) {
  switch (status) {
    case Status::ok: ++result.ok_count; break;
    case Status::unsupported: ++result.unsupported_count; break;
    default: ++result.failed_count; break;
  }
}

// What went wrong; nothing when the row has been kept, or need not be.
std::string save(const RunnerHooks& hooks, const Row& row) {
  if (!hooks.save_row) return {};
  try {
    hooks.save_row(row);
    return {};
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

}  // namespace

RunResult run_experiment(const Grid& grid, const Warnings& run_warnings, Nanos planned_per_trial,
                         const RunnerHooks& hooks, const std::atomic<bool>& stop) {
  const std::vector<TrialSpec> trials = make_trials(grid);
  RunResult result;
  result.cells = make_empty_cells(grid);
  result.total = trials.size();
  ProgressMeter meter{hooks, trials.size(), planned_per_trial};
  for (const TrialSpec& spec : trials) {
    if (stop.load()) {
      result.interrupted = true;
      break;
    }
    meter.begin_trial(spec, result.done_count());
    TrialOutcome outcome = hooks.run_trial(
        spec, [&meter](Nanos elapsed, std::uint64_t requests) { meter.update(elapsed, requests); });
    if (outcome.interrupted) {
      result.interrupted = true;
      break;
    }
    Cell& cell = result.cells[spec.cell_index];
    if (outcome.row.status == Status::ok) {
      outcome.warnings.insert(run_warnings.begin(), run_warnings.end());
      outcome.row.warnings = format_warnings(outcome.warnings);
    }
    if (cell.takes(outcome.row)) {
      cell.warnings.insert(outcome.warnings.begin(), outcome.warnings.end());
      cell.add(outcome.open_loop);
    }
    result.save_failure = save(hooks, outcome.row);
    if (hooks.keep_outcome) hooks.keep_outcome(outcome);
    if (outcome.sockets_per_message)
      cell.sockets_per_message.push_back(*outcome.sockets_per_message);
    cell.add(outcome.row, outcome.latency);
    count(result, outcome.row.status);
    if (!result.save_failure.empty()) break;
  }
  // Known only now: the rows, written as their trials ended, cannot carry it.
  if (find_drift(result.cells)) {
    for (Cell& cell : result.cells) cell.warnings.insert(Warning::drifted);
  }
  return result;
}

int exit_code_of(const RunResult& result) noexcept {
  if (result.interrupted || !result.save_failure.empty()) return kExitFailed;
  if (result.unsupported_count == result.total) return kExitUnsupported;
  return result.ok_count == result.total ? kExitOk : kExitFailed;
}

Warnings find_run_warnings(const Host& host, const Build& build, unsigned repeats) {
  Warnings warnings;
  if (!build.optimised) warnings.insert(Warning::debug_build);
  if (build.sanitized) warnings.insert(Warning::sanitized_build);
  const double load_per_cpu = host.load_average.value_or(0) / std::max(1U, host.cpus);
  if (load_per_cpu > kLoadPerCpuHigh) warnings.insert(Warning::load_high);
  if (repeats < kRepeatsEnough) warnings.insert(Warning::few_repeats);
  if (build.dirty) warnings.insert(Warning::dirty_tree);
  if (host.accelerator == Accelerator::tcg) warnings.insert(Warning::emulated_cpu);
  if (!host.governor.empty() && host.governor != "performance") {
    warnings.insert(Warning::governor_saves_power);
  }
  return warnings;
}

}  // namespace urb
