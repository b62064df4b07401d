// The loop over the trials.
#include "experiment/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "base/exit_code.hpp"
#include "mode/mode_looks.hpp"
#include "report/drift.hpp"

namespace urb {
namespace {

std::vector<Cell> make_empty_cells(const std::vector<CellSpec>& specs, bool accepts_disturbed) {
  std::vector<Cell> cells;
  for (const CellSpec& spec : specs) {
    Cell& cell = cells.emplace_back();
    cell.mode = spec.mode;
    cell.url = spec.url;
    if (spec.relay) {
      cell.relay = name_of(*spec.relay);
      cell.label = fmt::format("{} {}", cell.mode, cell.relay);
    }
    if (spec.policy && has_policy_of_its_own(spec.mode, name_of(*spec.policy))) {
      cell.policy = name_of(*spec.policy);
      cell.label = fmt::format("{} {}", cell.name(), cell.policy);
    }
    if (spec.tls.value_or(tls::Kind::off) != tls::Kind::off) {
      cell.tls = name_of(*spec.tls);
      cell.label = fmt::format("{} tls={}", cell.name(), cell.tls);
    }
    if (!spec.url.empty()) cell.label = spec.url;
    cell.body = spec.body;
    cell.reuse = spec.reuse;
    cell.accepts_disturbed = accepts_disturbed;
  }
  return cells;
}

// Turns a trial's "so far" into what the progress line shows.
class ProgressMeter {
 public:
  explicit ProgressMeter(const RunnerHooks& hooks) : show_{hooks.show_progress}, now_{hooks.now} {}

  void begin_trial(const Progress& progress) {
    started_ = now_();
    at_start_ = progress;
    progress_ = progress;
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
    const Nanos gone = now_() - started_;
    progress_.remaining = std::max(Nanos{0}, *at_start_.remaining - gone);
    progress_.remaining_most = std::max(Nanos{0}, *at_start_.remaining_most - gone);
    if (show_) show_(progress_);
  }

 private:
  const std::function<void(const Progress&)>& show_;
  const std::function<Nanos()>& now_;
  Nanos started_{0};
  Nanos last_elapsed_{0};
  std::uint64_t last_requests_ = 0;
  Progress at_start_;
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

class Run {
 public:
  Run(const RunPlan& plan, const RunnerHooks& hooks, const std::atomic<bool>& stop)
      : plan_{plan},
        hooks_{hooks},
        stop_{stop},
        cells_{make_cells(plan.grid)},
        order_{plan.grid.seed},
        meter_{hooks} {
    result_.cells = make_empty_cells(cells_, plan.rules.accept_disturbed);
    result_.total = cells_.size() * plan.grid.repeats;
  }

  RunResult take() {
    std::vector<std::size_t> all(cells_.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    unsigned round = 1;
    bool goes_on = true;
    for (; goes_on && round <= plan_.grid.repeats; ++round) goes_on = run_round(all, round);
    is_beyond_ = true;
    for (; goes_on; ++round) {
      const std::vector<std::size_t> more = next_cells();
      if (more.empty()) break;
      result_.total += more.size();
      const std::size_t failed = result_.failed_count;
      // More of what fails would be no more precise, and may take no time at all.
      goes_on = run_round(more, round) && result_.failed_count == failed;
    }
    result_.precision = judge_precision(result_.cells, plan_.rules.precision);
    return std::move(result_);
  }

 private:
  // Those of the groups that are not precise yet, as many as the rest of the budget is likely to
  // last for.
  [[nodiscard]] std::vector<std::size_t> next_cells() const {
    std::vector<GroupPrecision> groups = judge_precision(result_.cells, plan_.rules.precision);
    std::erase_if(groups, [](const GroupPrecision& group) {
      return group.state != GroupPrecision::State::open;
    });
    std::stable_sort(
        groups.begin(), groups.end(), [](const GroupPrecision& left, const GroupPrecision& right) {
          constexpr double kUnknown = std::numeric_limits<double>::infinity();
          return left.deviation.value_or(kUnknown) > right.deviation.value_or(kUnknown);
        });
    std::vector<std::size_t> cells;
    for (const GroupPrecision& group : groups) {
      if (!can_afford(cells.size() + group.cells.size())) continue;
      cells.insert(cells.end(), group.cells.begin(), group.cells.end());
    }
    return cells;
  }

  // False when the run is over.
  bool run_round(const std::vector<std::size_t>& cells, unsigned round) {
    std::vector<TrialSpec> disturbed;
    for (const std::size_t index : order_.next(cells)) {
      const TrialSpec spec{cells_[index], index, round, 0};
      if (!run_one(spec, is_beyond_, disturbed)) return false;
    }
    constexpr int kRepeatsOfOne = 2;
    for (int repeat = 0; repeat < kRepeatsOfOne; ++repeat) {
      for (const TrialSpec& spec : std::exchange(disturbed, {})) {
        if (!can_afford(1)) return true;
        ++result_.total;
        if (!run_one(spec, true, disturbed)) return false;
      }
    }
    return true;
  }

  bool run_one(TrialSpec spec, bool is_extra, std::vector<TrialSpec>& disturbed) {
    if (stop_.load()) {
      result_.interrupted = true;
      return false;
    }
    const Nanos started = hooks_.now();
    spec.order = result_.done_count() + 1;
    meter_.begin_trial(progress_before(spec));
    TrialOutcome outcome = hooks_.run_trial(
        spec, [this](Nanos elapsed, std::uint64_t requests) { meter_.update(elapsed, requests); });
    if (outcome.interrupted) {
      result_.interrupted = true;
      return false;
    }
    take_in(result_.cells[spec.cell_index], outcome);
    if (outcome.row.status == Status::ok && is_disturbed(outcome.row)) {
      ++result_.disturbed_count;
      const bool is_by_others = outcome.row.disturbed.find("foreign") != std::string::npos;
      if (is_by_others) result_.disturber = outcome.disturber;
      if (!plan_.rules.accept_disturbed) disturbed.push_back(spec);
    }
    const Nanos taken = hooks_.now() - started;
    measured_ += taken;
    if (is_extra) result_.beyond_repeats += taken;
    return result_.save_failure.empty();
  }

  void take_in(Cell& cell, TrialOutcome& outcome) {
    if (outcome.row.status == Status::ok) {
      outcome.warnings.insert(plan_.warnings.begin(), plan_.warnings.end());
      outcome.row.warnings = format_warnings(outcome.warnings);
    }
    if (cell.takes(outcome.row)) {
      cell.warnings.insert(outcome.warnings.begin(), outcome.warnings.end());
      cell.add(outcome.open_loop);
      if (outcome.sockets_per_message)
        cell.sockets_per_message.push_back(*outcome.sockets_per_message);
    }
    result_.save_failure = save(hooks_, outcome.row);
    if (hooks_.keep_outcome) hooks_.keep_outcome(outcome);
    cell.add(outcome.row, outcome.latency);
    count(result_, outcome.row.status);
  }

  [[nodiscard]] Progress progress_before(const TrialSpec& spec) const {
    const std::size_t done = result_.done_count();
    const Nanos planned =
        estimate_remaining(done, result_.total, measured_, plan_.planned_per_trial);
    const Nanos left = std::max(Nanos{0}, plan_.rules.budget - result_.beyond_repeats);
    return {
        .done = done,
        .total = result_.total,
        .label = fmt::format("{} {} {}", result_.cells[spec.cell_index].name(),
                             format_body(spec.cell.body), spec.cell.reuse ? "reuse" : "no reuse"),
        .requests_per_s = 0,
        .remaining = planned,
        .remaining_most = is_beyond_ ? std::max(planned, left) : add_up(planned, left)};
  }

  // Years of trials are nobody's plan, and still no overflow.
  static Nanos add_up(Nanos left, Nanos right) {
    return left > Nanos::max() - right ? Nanos::max() : left + right;
  }

  [[nodiscard]] bool can_afford(std::size_t trials) const {
    const Nanos needed = estimate_remaining(result_.done_count(), result_.done_count() + trials,
                                            measured_, plan_.planned_per_trial);
    return plan_.rules.has_budget() && needed <= plan_.rules.budget - result_.beyond_repeats;
  }

  const RunPlan& plan_;
  const RunnerHooks& hooks_;
  const std::atomic<bool>& stop_;
  std::vector<CellSpec> cells_;
  RoundOrder order_;
  ProgressMeter meter_;
  bool is_beyond_ = false;  // the first repeats are over
  Nanos measured_{0};       // time of all trials so far
  RunResult result_;
};

}  // namespace

RunResult run_experiment(const RunPlan& plan, const RunnerHooks& hooks,
                         const std::atomic<bool>& stop) {
  RunResult result = Run{plan, hooks, stop}.take();
  // Known only now: the rows, written as their trials ended, cannot carry it.
  const bool is_drifting = find_drift(result.cells).has_value();
  for (Cell& cell : result.cells) {
    if (is_drifting) cell.warnings.insert(Warning::drifted);
    const bool was_short_of_time =
        plan.rules.has_budget() && cell.has_figures() && cell.rows.size() < kRepeatsEnough;
    if (was_short_of_time) cell.warnings.insert(Warning::few_repeats);
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
  if (repeats < kRepeatsEnough) warnings.insert(Warning::few_repeats);
  if (build.dirty) warnings.insert(Warning::dirty_tree);
  if (host.accelerator == Accelerator::tcg) warnings.insert(Warning::emulated_cpu);
  if (!host.governor.empty() && host.governor != "performance") {
    warnings.insert(Warning::governor_saves_power);
  }
  return warnings;
}

}  // namespace urb
