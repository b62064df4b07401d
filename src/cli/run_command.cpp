// `MODE…` and `all`: the experiment.
#include "cli/run_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "base/error.hpp"
#include "cli/command.hpp"
#include "cli/far_clients.hpp"
#include "cli/find_rate.hpp"
#include "cli/flag_groups.hpp"
#include "cli/host_line.hpp"
#include "cli/json_output.hpp"
#include "cli/messages.hpp"
#include "cli/planted_burn.hpp"
#include "cli/redaction.hpp"
#include "cli/run_row.hpp"
#include "cli/signals.hpp"
#include "cli/version.hpp"
#include "experiment/floor.hpp"
#include "experiment/mode_choice.hpp"
#include "experiment/run_summary.hpp"
#include "probe/host.hpp"
#include "probe/loopback.hpp"
#include "process/whole_file.hpp"
#include "sweep/guest.hpp"

namespace urb {
namespace {

std::vector<Subject> choose(const RunOptions& options) {
  std::optional<Obstacles> obstacles;
  const ServerConfig& server = options.setup.server;
  std::optional<RelayKind> relay;
  if (options.has_relay) relay = server.relay;
  ModeChoice choice =
      choose_modes(options.modes, options.reference, relay, [&](const Mode& mode, RelayKind with) {
        if (std::string reason = find_tls_obstacle(mode, server.tls.kind); !reason.empty())
          return reason;
        if (!obstacles) obstacles = find_obstacles(server);
        return find_obstacle(mode, with, *obstacles);
      });
  for (const std::string& sentence : choice.left_out) print_error(sentence);
  return std::move(choice.subjects);
}

// What is for people, the tables above all: on stderr where the rows are on stdout, for a program.
std::FILE* stream_for_people(const RunOptions& options) {
  return options.rows.is_stdout() || options.json == "-" ? stderr : stdout;
}

// The least that the figures below can be, and what they stand on.
void print_head(const RunOptions& options, const Host& host, const std::string& more) {
  // Where a clock counts instructions, the floor is two seconds of it, and of nobody's interest.
  if (is_counted_guest()) return;
  std::FILE* const stream = stream_for_people(options);
  write_text(stream, fmt::format("{}\nThe tool's own floor: {}\n{}\n", format_host_line(host),
                                 format_floor(measure_floor()), more));
  flush_text(stream);
}

// The tables, then what became of the rows.
void print_result(const RunOptions& options, const RunResult& result,
                  const std::optional<RowFile>& file) {
  const bool has_rows_on_stdout = file && file->path() == "-";
  std::FILE* const stream = stream_for_people(options);
  if (result.done_count() != 0) {
    write_text(stream,
               format_report(make_report(result.cells), wants_color(options.color, stream)));
    write_text(
        stream,
        fmt::format(
            "\nPrecision, of the ratio to the reference within rounds, or of a mode alone:\n{}",
            describe_precision(result, options.rules)));
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
  } else if (const std::string text = describe_disturbed(result); !text.empty()) {
    print_error(text);
  }
  return exit_code;
}

struct Prepared {
  TrialSetup setup;
  Grid grid;
  Host host;
  std::optional<Pinning> pinning;
  std::string notes;                 // lines of the head
  std::unique_ptr<ClientCrew> crew;  // none: this process is the client
};

Prepared prepare(const RunOptions& options) {
  Prepared made{.setup = options.setup,
                .grid = options.grid,
                .host = probe_host(),
                .pinning = {},
                .notes = {},
                .crew = {}};
  ServerConfig& server = made.setup.server;
  server.faults.burn_percent = planted_burn_percent();
  const std::vector<CpuPlace> cpus = probe_topology(allowed_cpus());
  made.pinning = plan_pinning(options.pin, server.workers, cpus);
  if (made.pinning) {
    server.pins = made.pinning->server;
    server.master_iowq_pin = made.pinning->master_iowq;
  }
  made.setup.scope = scope_of(made.host);
  made.grid.subjects = choose(options);
  made.grid.seed = server.seed;
  const bool has_own_tls =
      std::any_of(made.grid.subjects.begin(), made.grid.subjects.end(), [](const Subject& subject) {
        return subject.tls.value_or(tls::Kind::off) != tls::Kind::off;
      });
  if (has_own_tls && server.tls.identity.key.empty()) {
    server.tls.identity = tls::make_throwaway_identity();
  }
  fill_row(made.setup.row, made.setup, made.host, made.pinning);
  const std::string limit = tls::describe_limit(server.tls);
  if (!limit.empty()) print_error(limit);
  for (const BodyMix& mix : made.grid.mixes) {
    made.notes += fmt::format("Bodies of {} bytes on average are a mix: {}\n", mean_body(mix).value,
                              format_body_mix(mix));
  }
  if (options.pin.kind == PinRequest::Kind::automatic) {
    made.notes += fmt::format("--pin auto: {}\n", describe_pinning(*made.pinning, cpus));
  }
  if (!options.client_via.empty())
    made.crew = call_clients(options.client_via, made.setup, made.host, made.notes);
  return made;
}

int run_benchmark(const RunOptions& typed) {
  RunOptions options = typed;
  settle_outputs(&options.rows, options.json);
  options.setup.load.tls_resumes = options.setup.server.tls.resumes;
  require_client(options.setup.client, options.setup.load, options.grid);
  require_loopback();
  Prepared made = prepare(options);
  // Refused here, before hours of trials whose rows nobody could keep.
  std::optional<RowFile> file = options.rows.open();
  if (options.json) require_writable(*options.json);
  print_head(options, made.host, made.notes);

  Yardsticks yardsticks{yardstick_here()};
  // A counted guest's times are those of an emulator.
  if (!is_counted_guest()) made.setup.yardsticks = &yardsticks;
  // This process is the client. The server's processes leave its CPU for their own.
  if (made.pinning) pin_this_process(made.pinning->client);
  const RoundRules& rules = options.rules;
  Warnings run_warnings = find_run_warnings(
      made.host, running_build(), rules.has_budget() ? kRepeatsEnough : made.grid.repeats);
  if (made.setup.server.faults.burn_percent > 0) run_warnings.insert(Warning::cpu_burned);
  JsonOutput json{options.json,
                  {.command = "run",
                   .run_id = made.setup.row.run_id,
                   .tool = kVersion,
                   .arguments = redact(options.arguments, {}),
                   .host = made.host,
                   .build = running_build(),
                   .warnings = run_warnings}};
  const std::atomic<bool>& stop = stop_on_signal();
  ProgressLine line{!options.quiet};
  const RunnerHooks hooks{.run_trial =
                              [&](const TrialSpec& spec, const TrialProgress& on_progress) {
                                return run_trial(made.setup, spec, on_progress, stop);
                              },
                          .save_row =
                              [&](const Row& row) {
                                if (file) file->append(row);
                              },
                          .keep_outcome =
                              [&](const TrialOutcome& outcome) {
                                json.keep(outcome.row, outcome.latency, outcome.open_loop.service);
                              },
                          .show_progress = [&](const Progress& progress) { line.show(progress); }};
  const LoadOptions& load = made.setup.load;
  if (options.find_rate) {
    const RatePlan plan = plan_rates(made.grid, *options.find_rate, load, rules, run_warnings);
    const int exit_code = find_and_print(plan, hooks, stream_for_people(options), stop);
    json.write(json.trial_count(), stop.load(), {});
    return exit_code;
  }
  const RunResult result =
      run_experiment({.grid = made.grid,
                      .rules = rules,
                      .warnings = run_warnings,
                      .planned_per_trial = load.warmup + load.duration + kAroundTrial},
                     hooks, stop);
  line.clear();
  json.write(result.total, result.interrupted || !result.save_failure.empty(),
             rounds_json(result, rules));
  print_result(options, result, file);
  if (made.crew && result.done_count() != 0)
    write_text(stream_for_people(options), "\n" + made.crew->shares());
  return report_outcome(result);
}

}  // namespace

void declare_run(Flags& flags, RunOptions& options) {
  options.arguments = flags.arguments();
  flags.operand("MODE", options.modes,
                "modes to benchmark side by side, or all; direct:least has that policy, socket:sni "
                "that --tls");
  declare_server(flags, options.setup.server, &options.has_relay);
  declare_tls(flags, options.tls, options.setup.server.tls);
  options.setup.load.connections = 0;
  declare_load(flags, options.setup.load, options.grid, options.setup.client, "workers",
               "checksum every measured request, not only the first of each connection");
  declare_find_rate(flags, options.find_rate, options.setup.load, options.setup.client);
  flags.group("The experiment");
  declare_repeats(flags, options.grid.repeats);
  declare_rounds(flags, options.rules);
  flags.parsed(
      "--pin", "auto|none|LIST",
      "CPUs of client, master and workers with their io-wq threads: 0,1,2-3", "none",
      [&pin = options.pin](const std::string& typed) { pin = value_or_throw(parse_pin(typed)); });
  flags.text("--client-via", options.client_via, "COMMAND",
             "the client runs under this command: 'ssh host', 'ip netns exec c'; repeatable, for "
             "several clients that share the load");
  flags.parsed("-l,--listen", "ADDR:PORT", "where the servers listen, for a client elsewhere",
               format_address(options.setup.server.listen),
               [&server = options.setup.server](const std::string& typed) {
                 server.listen = parse_trial_address(typed);
               });
  flags.flag("--no-reference", options.reference,
             "do not run direct, the reference, beside several other modes", false);
  flags.group("");  // not in the help: its former name
  flags.flag("--no-ceiling", options.reference, "the same", false);
  flags.group("The output");
  declare_rows(flags, options.rows);
  declare_json(flags, options.json, "file for rows, histograms and context; - is stdout");
  declare_quiet(flags, options.quiet);
  declare_color(flags, options.color);
  flags.when_read([&options] {
    if (options.modes.empty()) {
      throw UsageError("no mode was given; list-modes names them, 'all' runs every one");
    }
    TrialSetup& setup = options.setup;
    if (setup.load.connections == 0) setup.load.connections = setup.server.workers;
    if (options.client_via.empty()) return;
    if (setup.client == ClientKind::ab)
      throw UsageError("ab runs here only: leave out --client-via, or --client ab");
    if (options.pin.kind != PinRequest::Kind::none) {
      throw UsageError(
          "--pin is of a client that runs here: leave it out, and place the client by its command "
          "(--client-via 'taskset -c 1')");
    }
  });
}

extern const Command command_run;
const Command command_run{
    .name = "",
    .summary = "",
    .examples =
        "  uring-bench all\n"
        "  uring-bench cluster socket passthru direct --body 1M,10M --repeats 5\n"
        "  uring-bench direct direct:least cluster:least -c 64 --rate 2000\n"
        "  uring-bench passthru --relay sync --body 4K --reuse yes --csv -\n"
        "  uring-bench all --listen 10.0.0.1:0 --client-via 'ssh loadgen'\n",
    .declare = [](Flags& flags) { return make_action(flags, declare_run, run_benchmark); }};

}  // namespace urb
