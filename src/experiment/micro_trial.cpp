#include "experiment/micro_trial.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>

#include "base/error.hpp"
#include "experiment/figures.hpp"
#include "probe/cgroup.hpp"

namespace urb {
namespace {

void fill_micro_figures(Row& row, const MicroResult& result, std::uint64_t bytes) {
  const auto operations = static_cast<double>(result.operations);
  const double seconds = to_seconds(result.elapsed);
  row.features = format_features(result.used);
  row.duration_s = seconds;
  row.requests = result.operations;
  row.errors = 0;
  row.requests_per_s = operations / seconds;
  row.bytes_per_s = operations * static_cast<double>(bytes) / seconds;
  row.cpu_us_per_request_client = to_seconds(result.cpu) * 1e6 / operations;
  row.enters_per_request = static_cast<double>(result.ring_enters) / operations;
  row.sqes_per_request = static_cast<double>(result.ring_sqes) / operations;
}

}  // namespace

TrialOutcome run_micro_trial(const Row& common, const TrialSpec& spec, const MicroPlan& plan,
                             const HostScope& scope, Yardsticks* yardsticks,
                             const std::atomic<bool>& stop) {
  const Micro& micro = *find_micro(spec.cell.mode);
  TrialOutcome outcome;
  Row& row = outcome.row;
  row = common;
  row.started_at = format_utc_now();
  row.mode = spec.cell.mode;
  row.body_bytes = micro.bytes;
  row.repeat = spec.repeat;
  row.trial_order = spec.order;
  try {
    const std::unique_ptr<MicroWork> work = micro.make();
    MachineWatch machine{yardsticks};
    machine.settle(stop);
    outcome.interrupted = !warm_up_micro(*work, plan, stop);
    if (outcome.interrupted) return outcome;
    const WindowSample begin = sample_window_begin({}, scope);
    const MicroResult result = measure_micro(*work, plan, stop);
    const WindowSample end = sample_window_end({}, scope);
    machine.look();
    outcome.interrupted = result.interrupted;
    if (result.interrupted) return outcome;
    if (result.operations == 0)
      throw std::runtime_error{"no operation ended in the measured time (use a longer --duration)"};
    fill_micro_figures(row, result, micro.bytes);
    const std::optional<HostUse> use = host_use(begin, end, scope);
    if (use) fill_truth(row, *use, static_cast<double>(row.requests.value_or(0)));
    machine.fill(row, begin, end, use, plan.warmup);
    if (use) outcome.disturber = use->busiest;
    if (machine.is_blind(use.has_value())) outcome.warnings.insert(Warning::machine_unknown);
    if (throttled_share(begin.cpu_periods, end.cpu_periods) > 0)
      outcome.warnings.insert(Warning::cpu_throttled);
    if (is_stall_long(result.stalled, result.elapsed))
      outcome.warnings.insert(Warning::window_stalled);
  } catch (const Unsupported& error) {
    row.status = Status::unsupported;
    row.warnings = error.what();
  } catch (const std::runtime_error& error) {
    // A signal may have ended the peers first.
    outcome.interrupted = stop.load();
    row.status = Status::failed;
    row.warnings = error.what();
  }
  return outcome;
}

Grid make_micro_grid(std::vector<const Micro*> micros, unsigned repeats) {
  if (micros.empty()) {
    for (const Micro& micro : all_micros()) {
      if (!micro.by_name_only) micros.push_back(&micro);
    }
  }
  Grid grid;
  for (const Micro* const micro : micros) {
    grid.subjects.push_back({fmt::format("micro-{}", micro->name)});
  }
  grid.bodies = {{0}};
  grid.reuses = {false};
  grid.repeats = repeats;
  return grid;
}

}  // namespace urb
