// `MODE…` and `all`: the experiment.
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/signals.hpp"
#include "cli/version.hpp"
#include "experiment/pinning.hpp"
#include "experiment/runner.hpp"
#include "experiment/trial.hpp"
#include "mode/mode.hpp"
#include "probe/host.hpp"
#include "report/console.hpp"
#include "report/row_file.hpp"
#include "server/server.hpp"

namespace urb {
namespace {

ServerConfig make_config(const Options& options) {
  ServerConfig config;
  config.workers = options.workers;
  config.policy = options.policy;
  config.relay = options.relay;
  config.buffers = options.buffers;
  config.response_bytes = options.response;
  config.seed = options.seed;
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
  if (!wants_all) return modes;
  for (std::string& name : find_supported_modes(base)) {
    if (std::find(modes.begin(), modes.end(), name) == modes.end())
      modes.push_back(std::move(name));
  }
  return modes;
}

// Unlike any other run's, also of the same second on another machine.
std::string make_run_id() {
  std::uint32_t salt = 0;
  // Blocks only before the machine has any randomness at all.
  if (getrandom(&salt, sizeof salt, 0) != sizeof salt) salt = static_cast<std::uint32_t>(getpid());
  std::string now = format_utc_now().substr(0, std::string_view{"2025-11-23T13:05:59"}.size());
  std::erase_if(now, [](char c) { return c == '-' || c == ':'; });
  return fmt::format("{}Z-{:08x}", now, salt);
}

Row make_row_template(const Options& options, const Host& host,
                      const std::optional<Pinning>& pinning) {
  Row row;
  row.run_id = make_run_id();
  row.tool = kVersion;
  row.kernel = host.kernel;
  row.machine = host.machine;
  if (host.accelerator) row.accelerator = name_of(*host.accelerator);
  row.cpu_model = host.cpu_model;
  row.cpus = host.cpus;
  row.mitigations = host.mitigations;
  row.lo_mtu = host.lo_mtu;
  row.buffers = name_of(options.buffers);
  row.policy = name_of(options.policy);
  row.workers = options.workers;
  row.connections = options.connection_count();
  row.response_bytes = options.response.value;
  row.loop = "closed";
  row.client = "builtin";
  row.pinning = format_pinning(pinning);
  row.seed = options.seed;
  return row;
}

TrialSetup make_setup(const Options& options, const ServerConfig& config, const Host& host,
                      const std::optional<Pinning>& pinning) {
  TrialSetup setup;
  setup.server = config;
  if (pinning) setup.server.pins = pinning->server;
  setup.load.connections = options.connection_count();
  setup.load.warmup = options.warmup;
  setup.load.duration = options.duration;
  setup.load.requests = options.requests;
  setup.row = make_row_template(options, host, pinning);
  return setup;
}

std::optional<RowFile> open_row_file(const Options& options, const Host& host) {
  if (!options.save) return std::nullopt;
  return std::optional<RowFile>{std::in_place,
                                options.csv.value_or(fmt::format("results/{}.csv", host.kernel))};
}

std::string first_failure(const RunResult& result) {
  for (const Cell& cell : result.cells) {
    if (cell.failed_count == 0) continue;
    return fmt::format("{} {} {}: {}", cell.mode, format_body(cell.body),
                       cell.reuse ? "reuse" : "no reuse", cell.failed_reason);
  }
  return {};
}

// The tables, then what became of the rows. Rows on stdout are for a program: the tables, which
// are for people, then go to stderr.
void print_result(const Options& options, const RunResult& result,
                  const std::optional<RowFile>& file) {
  const bool has_rows_on_stdout = file && file->path() == "-";
  std::FILE* const stream = has_rows_on_stdout ? stderr : stdout;
  if (result.done_count() != 0) {
    fmt::print(stream, "{}",
               format_report(make_report(result.cells), wants_color(options.color, stream)));
  }
  if (file && !has_rows_on_stdout && file->row_count() != 0) {
    fmt::print(stream, "\n{} row{} appended to {}\n", file->row_count(),
               file->row_count() == 1 ? "" : "s", file->path());
  }
  std::fflush(stream);
}

int report_outcome(const RunResult& result) {
  const int exit_code = exit_code_of(result);
  if (result.interrupted) {
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
  const ServerConfig config = make_config(options);
  const Host host = probe_host();
  const std::optional<Pinning> pinning = plan_pinning(options.pin, options.workers, allowed_cpus());
  Grid grid;
  grid.modes = resolve_modes(options, config);
  grid.bodies = options.bodies;
  grid.reuses = options.reuses;
  grid.repeats = options.repeats;
  grid.seed = options.seed;
  // Refused here, before hours of trials whose rows nobody could keep.
  std::optional<RowFile> file = open_row_file(options, host);

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
  const RunResult result =
      run_experiment(grid, find_run_warnings(host, this_build(), options.repeats),
                     options.warmup + options.duration + kAround, hooks, stop);
  line.clear();
  print_result(options, result, file);
  return report_outcome(result);
}

}  // namespace urb
