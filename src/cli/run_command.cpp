// `MODE…` and `all`: the experiment.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/host_line.hpp"
#include "cli/json_output.hpp"
#include "cli/redaction.hpp"
#include "cli/relay_choice.hpp"
#include "cli/row_output.hpp"
#include "cli/run_id.hpp"
#include "cli/signals.hpp"
#include "cli/version.hpp"
#include "experiment/floor.hpp"
#include "experiment/pinning.hpp"
#include "experiment/runner.hpp"
#include "experiment/trial.hpp"
#include "mode/mode.hpp"
#include "probe/host.hpp"
#include "probe/loopback.hpp"
#include "report/console.hpp"
#include "process/whole_file.hpp"
#include "row/row_file.hpp"
#include "server/server.hpp"
#include "sweep/guest.hpp"

namespace urb {
namespace {

// A slow-down of known size for tools/check-compare, from the environment: no option of users.
double planted_burn_percent() {
  const char* const text = std::getenv("URB_TEST_BURN");
  if (text == nullptr) return 0;
  char* end = nullptr;
  const double percent = std::strtod(text, &end);
  if (end == text || *end != '\0' || !(percent >= 0 && percent <= 1000)) {
    throw UsageError(fmt::format("URB_TEST_BURN={} is no percentage from 0 to 1000", text));
  }
  return percent;
}

ServerConfig make_config(const Options& options) {
  ServerConfig config;
  config.workers = options.workers;
  config.policy = options.policy;
  set_relay(config, options);
  config.buffers = options.buffers;
  config.response_bytes = options.response;
  config.seed = options.seed;
  config.worker_burn_percent = planted_burn_percent();
  return config;
}

// Those of all modes that start here. The others are named on stderr, with the reason.
std::vector<std::string> find_supported_modes(const ServerConfig& base) {
  std::vector<std::string> supported;
  std::string reason;
  for (const Mode* const mode : all_modes()) {
    ServerConfig config = base;
    config.mode = mode->name;
    try {
      const Server probe{config};
      supported.emplace_back(mode->name);
    } catch (const Unsupported& error) {
      print_error(fmt::format("{} is left out: {}", mode->name, error.what()));
      if (reason.empty()) reason = error.what();
    }
  }
  if (supported.empty()) throw Unsupported("no mode can run here: " + reason);
  return supported;
}

std::vector<std::string> resolve_modes(const Options& options, const ServerConfig& base) {
  std::vector<std::string> modes;
  for (const std::string& name : options.modes) {
    if (name == "all") continue;
    require_mode(name);
    if (std::find(modes.begin(), modes.end(), name) == modes.end()) modes.push_back(name);
  }
  const bool wants_all =
      std::find(options.modes.begin(), options.modes.end(), "all") != options.modes.end();
  // What the others are held against, wherever there are others.
  const bool has_direct = std::find(modes.begin(), modes.end(), "direct") != modes.end();
  if (!wants_all && options.ceiling && modes.size() > 1 && !has_direct) modes.push_back("direct");
  if (!wants_all) return modes;
  for (std::string& name : find_supported_modes(base)) {
    if (std::find(modes.begin(), modes.end(), name) == modes.end())
      modes.push_back(std::move(name));
  }
  return modes;
}

Row make_row_template(const Options& options, const Host& host,
                      const std::optional<Pinning>& pinning) {
  Row row;
  row.run_id = make_run_id();
  fill_host(row, host);
  row.relay = relay_text(options);
  row.buffers = name_of(options.buffers);
  row.policy = name_of(options.policy);
  row.workers = options.workers;
  row.connections = options.connection_count();
  row.response_bytes = options.response.value;
  row.loop = options.rate ? "open" : "closed";
  if (options.rate) row.rate_requested = static_cast<double>(*options.rate);
  row.client = name_of(options.client);
  row.pinning = format_pinning(pinning);
  row.seed = options.seed;
  return row;
}

TrialSetup make_setup(const Options& options, const ServerConfig& config, const Host& host,
                      const std::optional<Pinning>& pinning) {
  TrialSetup setup;
  setup.server = config;
  if (pinning) {
    setup.server.pins = pinning->server;
    setup.server.master_iowq_pin = pinning->master_iowq;
  }
  setup.load.connections = options.connection_count();
  setup.load.warmup = options.warmup;
  setup.load.duration = options.duration;
  setup.load.requests = options.requests;
  setup.load.rate = options.rate;
  if (options.verify) setup.load.verify = Verify::all;
  setup.client = options.client;
  setup.row = make_row_template(options, host, pinning);
  return setup;
}

std::string first_failure(const RunResult& result) {
  for (const Cell& cell : result.cells) {
    if (cell.failed_count == 0) continue;
    return fmt::format("{} {} {}: {}", cell.mode, format_body(cell.body),
                       cell.reuse ? "reuse" : "no reuse", cell.failed_reason);
  }
  return {};
}

// What is for people, the tables above all: on stderr where the rows are on stdout, for a program.
std::FILE* stream_for_people(const Options& options) {
  const bool is_taken = (options.save && options.csv == "-") || options.json == "-";
  return is_taken ? stderr : stdout;
}

// The least that the figures below can be, and what they stand on.
void print_head(const Options& options, const Host& host, const std::string& more) {
  // Where a clock counts instructions, the floor is two seconds of it, and of nobody's interest.
  if (is_counted_guest()) return;
  std::FILE* const stream = stream_for_people(options);
  write_text(stream, fmt::format("{}\nThe tool's own floor: {}\n{}\n", format_host_line(host),
                                 format_floor(measure_floor()), more));
  flush_text(stream);
}

// The tables, then what became of the rows.
void print_result(const Options& options, const RunResult& result,
                  const std::optional<RowFile>& file) {
  const bool has_rows_on_stdout = file && file->path() == "-";
  std::FILE* const stream = stream_for_people(options);
  if (result.done_count() != 0) {
    write_text(stream,
               format_report(make_report(result.cells), wants_color(options.color, stream)));
  }
  if (file && !has_rows_on_stdout && file->row_count() != 0) {
    write_text(stream, fmt::format("\n{} row{} appended to {}\n", file->row_count(),
                                   file->row_count() == 1 ? "" : "s", file->path()));
  }
  flush_text(stream);
}

int report_outcome(const RunResult& result) {
  const int exit_code = exit_code_of(result);
  if (!result.save_failure.empty()) {
    print_error(fmt::format("ended after {} of {} trials: {}", result.done_count(), result.total,
                            result.save_failure));
  } else if (result.interrupted) {
    print_error(
        fmt::format("interrupted after {} of {} trials", result.done_count(), result.total));
  } else if (exit_code != kExitOk) {
    print_error(fmt::format("{} of {} trials have no figures, {}",
                            result.failed_count + result.unsupported_count, result.total,
                            first_failure(result)));
  }
  return exit_code;
}

}  // namespace

int run_benchmark(const Options& options) {
  require_client(options);
  require_loopback();
  const ServerConfig config = make_config(options);
  const Host host = probe_host();
  const std::vector<CpuPlace> cpus = probe_topology(allowed_cpus());
  const std::optional<Pinning> pinning = plan_pinning(options.pin, options.workers, cpus);
  Grid grid;
  grid.modes = resolve_modes(options, config);
  grid.bodies = options.bodies;
  grid.reuses = options.reuses;
  grid.repeats = options.repeats;
  grid.seed = options.seed;
  // Refused here, before hours of trials whose rows nobody could keep.
  std::optional<RowFile> file = open_row_file(options);
  if (options.json) require_writable(*options.json);

  std::string choices = describe_relay(config, options);
  if (options.pin.kind == PinRequest::Kind::automatic) {
    choices += fmt::format("--pin auto: {}\n", describe_pinning(*pinning, cpus));
  }
  print_head(options, host, choices);

  const TrialSetup setup = make_setup(options, config, host, pinning);
  // This process is the client. The server's processes leave its CPU for their own.
  if (pinning) pin_this_process(pinning->client);
  const std::atomic<bool>& stop = stop_on_signal();
  ProgressLine line{!options.quiet};
  RunnerHooks hooks;
  hooks.run_trial = [&](const TrialSpec& spec, const TrialProgress& on_progress) {
    return run_trial(setup, spec, on_progress, stop);
  };
  hooks.save_row = [&](const Row& row) {
    if (file) file->append(row);
  };
  hooks.show_progress = [&](const Progress& progress) { line.show(progress); };

  constexpr Nanos kAround = std::chrono::milliseconds{100};  // start and stop; measured: 20 to 60
  Warnings run_warnings = find_run_warnings(host, running_build(), options.repeats);
  if (config.worker_burn_percent > 0) run_warnings.insert(Warning::cpu_burned);
  JsonOutput json{options,
                  {.command = "run",
                   .run_id = setup.row.run_id,
                   .tool = kVersion,
                   .arguments = redact(options.arguments, options.headers),
                   .host = host,
                   .build = running_build(),
                   .warnings = run_warnings}};
  hooks.keep_outcome = [&](const TrialOutcome& outcome) {
    json.keep(outcome.row, outcome.latency, outcome.open_loop.service);
  };
  const Nanos planned_per_trial = options.warmup + options.duration + kAround;
  const RunResult result = run_experiment(grid, run_warnings, planned_per_trial, hooks, stop);
  line.clear();
  json.write(result.total, result.interrupted || !result.save_failure.empty());
  print_result(options, result, file);
  return report_outcome(result);
}

}  // namespace urb
