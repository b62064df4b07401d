#include "cli/load_row.hpp"

#include <utility>

namespace urb {
namespace {

std::string find_problem(const LoadMeasurement& measured) {
  if (!measured.problem.empty()) return measured.problem;
  const LoadResult& result = measured.result;
  // A server of others may have its reasons: the command says so and fails, the figures stay.
  const bool is_unfinished_only =
      result.unfinished != 0 && result.requests != 0 && result.errors.total() == 0;
  return is_unfinished_only ? describe_give_ups(result) : describe_failure(result);
}

}  // namespace

TrialOutcome make_load_outcome(const LoadOptions& load, LoadMeasurement measured, Row row,
                               const HostScope& scope, const MachineWatch& machine) {
  const LoadResult& result = measured.result;
  row.connections = load.connections;
  row.body_bytes = load.body.value;
  row.body_mix = format_body_mix(load.mix);
  row.reuse = load.reuse;
  if (load.tls) row.tls = load.tls_resumes ? "server+resume" : "server";
  row.loop = load.rate ? loop_name(load.arrivals) : "closed";
  if (load.rate) row.rate_requested = static_cast<double>(*load.rate);
  row.client = name_of(measured.ab ? ClientKind::ab : ClientKind::builtin);
  if (!measured.ab) row.features = format_features(result.used);
  TrialOutcome made;
  const std::string problem = find_problem(measured);
  if (!problem.empty()) {
    row.status = Status::failed;
    row.warnings = problem;
    // It may be why.
    if (misses_rate(row, result)) made.warnings.insert(Warning::rate_not_reached);
    made.row = std::move(row);
    return made;
  }
  // Who of this machine's processes is the server, or whether it is here at all, may not be known.
  const bool knows_server = !measured.begin.processes.empty();
  const std::optional<HostUse> use =
      knows_server ? host_use(measured.begin, measured.end, scope) : std::nullopt;
  fill_figures(row, result, measured.begin, measured.end, use);
  if (measured.ab) fill_ab_latency(row, *measured.ab);
  if (!knows_server) row.clear(RowSection::server_cpu);
  row.clear(RowSection::kernel_work);  // other threads of a foreign process are its own
  row.clear(RowSection::mechanism);
  machine.fill(row, measured.begin, measured.end, use, load.warmup);
  // Which of the server's threads was full is not known.
  if (row.bottleneck != "client" && row.bottleneck != "cpu") row.bottleneck.clear();
  made.warnings = find_trial_warnings(row, result, measured.begin, measured.end);
  made.warnings.insert(measured.warnings.begin(), measured.warnings.end());
  // Without processes to tell from others, nobody expects it.
  if (machine.is_blind(!knows_server || use.has_value())) {
    made.warnings.insert(Warning::machine_unknown);
  }
  row.warnings = format_warnings(made.warnings);
  if (use) made.disturber = use->busiest;
  made.row = std::move(row);
  made.latency = std::move(measured.result.latency);
  made.open_loop = {std::move(measured.result.service), std::move(measured.result.lateness),
                    measured.result.missed, measured.result.unsent};
  return made;
}

}  // namespace urb
