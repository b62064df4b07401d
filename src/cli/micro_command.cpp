// `micro`: single kernel operations, one row for each trial.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/host_line.hpp"
#include "cli/row_output.hpp"
#include "cli/run_id.hpp"
#include "cli/signals.hpp"
#include "cli/suggest.hpp"
#include "experiment/runner.hpp"
#include "experiment/trial.hpp"
#include "micro/micro.hpp"
#include "probe/cgroup.hpp"
#include "probe/host.hpp"
#include "report/console.hpp"
#include "report/markdown.hpp"
#include "report/tables.hpp"
#include "row/row_file.hpp"

namespace urb {
namespace {

std::vector<const Micro*> resolve_micros(const std::vector<std::string>& names) {
  std::vector<const Micro*> micros;
  for (const std::string& name : names) {
    const Micro* const micro = find_micro(name);
    if (micro == nullptr) {
      std::vector<std::string_view> known;
      for (const Micro& each : all_micros()) known.push_back(each.name);
      const std::string_view nearest = nearest_name(name, known);
      throw UsageError(nearest.empty()
                           ? fmt::format("unknown operation {} (micro --help names them)", name)
                           : fmt::format("unknown operation {}, did you mean {}?", name, nearest));
    }
    if (std::find(micros.begin(), micros.end(), micro) == micros.end()) micros.push_back(micro);
  }
  if (!micros.empty()) return micros;
  for (const Micro& micro : all_micros()) micros.push_back(&micro);
  return micros;
}

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

// Of one process, which is neither master nor worker: its CPU time is in the client's column.
TrialOutcome run_micro_trial(const Row& common, const TrialSpec& spec, const MicroPlan& plan,
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
    const pid_t self = getpid();
    const CpuPeriodsByGroup begin = sample_cpu_periods({&self, 1});
    const MicroResult result = measure_micro(*work, plan, stop);
    outcome.interrupted = result.interrupted;
    if (result.interrupted) return outcome;
    if (result.operations == 0)
      throw std::runtime_error{"no operation ended in the measured time (use a longer --duration)"};
    fill_micro_figures(row, result, micro.bytes);
    if (throttled_share(begin, sample_cpu_periods({&self, 1})) > 0)
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

Grid make_grid(const std::vector<const Micro*>& micros, const Options& options) {
  Grid grid;
  for (const Micro* const micro : micros)
    grid.modes.push_back(fmt::format("micro-{}", micro->name));
  grid.bodies = {{0}};
  grid.reuses = {false};
  grid.repeats = options.repeats;
  grid.seed = options.seed;
  return grid;
}

void print_table(std::FILE* stream, const std::vector<Cell>& cells) {
  MarkdownTable table{{"Operation", "µs", "±", "CPU µs", "enters", "SQEs", "GB/s"}, 1};
  for (const Cell& cell : cells) {
    if (!cell.has_figures()) {
      table.add({cell.mode, "–", "–", "–", "–", "–", "–"});
      continue;
    }
    std::vector<double> each_us;
    for (const Row& row : cell.rows) each_us.push_back(1e6 / row.requests_per_s.value_or(0));
    const MedianInterval time = median_interval(each_us);
    const double gb_per_s = cell.median(&Row::bytes_per_s).value_or(0) / 1e9;
    table.add({cell.mode, format_short(time.median), format_short(time.half_width()),
               format_short(cell.median(&Row::cpu_us_per_request_client)),
               format_short(cell.median(&Row::enters_per_request)),
               format_short(cell.median(&Row::sqes_per_request)),
               gb_per_s > 0 ? format_short(gb_per_s) : "–"});
  }
  write_text(stream,
             fmt::format(
                 "{}\nMedians of the trials, for one operation. CPU: of this process and its io-wq "
                 "threads, without the peers of splice and copy.\n",
                 table.render()));
  Warnings warnings;
  for (const Cell& cell : cells) warnings.insert(cell.warnings.begin(), cell.warnings.end());
  for (const Warning warning : warnings) {
    write_text(stream, fmt::format("warning: {}\n", text_of(warning)));
  }
  flush_text(stream);
}

}  // namespace

int run_micro(const Options& options) {
  const Grid grid = make_grid(resolve_micros(options.micros), options);
  const Host host = probe_host();
  Row common;
  common.run_id = make_run_id();
  fill_host(common, host);
  common.loop = "closed";
  common.client = "builtin";
  common.pinning = "none";
  common.seed = options.seed;
  std::optional<RowFile> file = open_row_file(options);
  const MicroPlan plan{options.warmup, options.duration, options.requests};
  const std::atomic<bool>& stop = stop_on_signal();

  ProgressLine line{!options.quiet};
  RunnerHooks hooks;
  hooks.run_trial = [&](const TrialSpec& spec, const TrialProgress&) {
    return run_micro_trial(common, spec, plan, stop);
  };
  hooks.save_row = [&](const Row& row) {
    if (file) file->append(row);
  };
  hooks.show_progress = [&](Progress progress) {
    progress.label = progress.label.substr(0, progress.label.find(' '));  // no body, no reuse
    line.show(progress);
  };
  const RunResult result =
      run_experiment(grid, find_run_warnings(host, running_build(), options.repeats),
                     options.warmup + options.duration, hooks, stop);
  line.clear();
  const bool has_rows_on_stdout = file && file->path() == "-";
  if (result.done_count() != 0) print_table(has_rows_on_stdout ? stderr : stdout, result.cells);
  for (const Cell& cell : result.cells) {
    if (cell.failed_count == 0) continue;
    print_error(fmt::format("{} has no figures in {} of {} trials: {}", cell.mode,
                            cell.failed_count, options.repeats, cell.failed_reason));
  }
  if (!result.save_failure.empty()) print_error(result.save_failure);
  if (result.interrupted) {
    print_error(
        fmt::format("interrupted after {} of {} trials", result.done_count(), result.total));
  }
  return exit_code_of(result);
}

}  // namespace urb
