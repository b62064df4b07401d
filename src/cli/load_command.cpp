// `load`: the client alone, against servers that somebody else started.
#include "cli/load_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "cli/command.hpp"
#include "cli/find_rate.hpp"
#include "cli/flag_groups.hpp"
#include "cli/foreign_server.hpp"
#include "cli/host_line.hpp"
#include "cli/json_output.hpp"
#include "cli/load_row.hpp"
#include "cli/load_tables.hpp"
#include "cli/load_targets.hpp"
#include "cli/messages.hpp"
#include "cli/redaction.hpp"
#include "cli/run_id.hpp"
#include "cli/signals.hpp"
#include "cli/version.hpp"
#include "experiment/ab_client.hpp"
#include "experiment/run_summary.hpp"
#include "load/generator.hpp"
#include "report/console.hpp"
#include "sweep/guest.hpp"

namespace urb {
namespace {

LoadMeasurement measure(const LoadOptions& load, ClientKind client, ForeignServer& server,
                        const TrialProgress& on_progress, const std::atomic<bool>& stop) {
  LoadMeasurement measured;
  LoadHooks hooks;
  hooks.on_window_begin = [&] { measured.begin = server.begin_window(); };
  hooks.on_window_end = [&] {
    measured.end = server.end_window();
    measured.warnings = server.warnings();
  };
  hooks.on_progress = [&](Nanos elapsed, std::uint64_t requests) {
    on_progress(elapsed, requests);
    return true;
  };
  if (client != ClientKind::ab) {
    measured.result = run_load(load, hooks, stop);
    return measured;
  }
  AbLoad ab = run_ab_load(load, hooks, stop);
  measured.result = std::move(ab.result);
  measured.ab = ab.latency;
  measured.problem = std::move(ab.problem);
  measured.end.client.total = measured.begin.client.total + ab.cpu.total;
  return measured;
}

// A single measurement has no rounds, unless somebody asks for precision. Nothing replaces it when
// it was disturbed, so that is said and no reason to hide it.
RoundRules settle_rules(const LoadCommandOptions& options) {
  RoundRules rules = options.rules;
  if (options.grid.repeats == 1 && !options.has_precision) {
    rules.budget = Nanos{0};
    rules.accept_disturbed = true;
  }
  return rules;
}

// What has been measured, and where it goes.
class LoadRun {
 public:
  LoadRun(const LoadCommandOptions& options, const std::vector<Target>& targets)
      : options_{options},
        targets_{targets},
        rules_{settle_rules(options)},
        host_{probe_host()},
        scope_{scope_of(host_)},
        server_{options.server_pids, scope_} {
    common_.run_id = make_run_id();
    common_.mode = "load";
    common_.seed = options.grid.seed;
    fill_host(common_, host_);
    for (const Target& target : targets) {
      grid_.subjects.push_back({.mode = common_.mode, .relay = {}, .url = target.shown});
    }
    grid_.bodies = options.grid.bodies;
    grid_.mixes = options.grid.mixes;
    grid_.reuses = options.grid.reuses;
    grid_.repeats = options.grid.repeats;
    grid_.seed = options.grid.seed;
    tallies_.resize(make_cells(grid_).size());
  }

  int run(const std::atomic<bool>& stop) {
    // Repeats that were not asked for are no shortage.
    const bool is_single = grid_.repeats == 1 || rules_.has_budget();
    const Warnings run_warnings =
        find_run_warnings(host_, running_build(), is_single ? kRepeatsEnough : grid_.repeats);
    JsonOutput json{options_.json,
                    {.command = "load",
                     .run_id = common_.run_id,
                     .tool = kVersion,
                     .arguments = redact(options_.arguments, options_.load.headers),
                     .host = host_,
                     .build = running_build(),
                     .warnings = run_warnings}};
    std::optional<RowFile> file = options_.rows.open();
    ProgressLine line{!options_.quiet};
    const RunnerHooks hooks{
        .run_trial =
            [&](const TrialSpec& spec, const TrialProgress& on_progress) {
              return run_one(spec, on_progress, stop);
            },
        .save_row =
            [&](const Row& row) {
              if (file && !stop.load()) file->append(row);
            },
        .keep_outcome =
            [&](const TrialOutcome& outcome) {
              json.keep(outcome.row, outcome.latency, outcome.open_loop.service);
            },
        .show_progress = [&](const Progress& progress) { line.show(progress); }};
    const LoadOptions& load = options_.load;
    if (options_.find_rate) {
      const int exit_code =
          find_and_print(plan_rates(grid_, *options_.find_rate, load, rules_, run_warnings), hooks,
                         stream_for_people(), stop);
      json.write(json.trial_count(), stop.load(), {});
      return exit_code;
    }
    RunResult result =
        run_experiment({.grid = grid_,
                        .rules = rules_,
                        .warnings = run_warnings,
                        .planned_per_trial = load.warmup + load.duration + kAroundTrial},
                       hooks, stop);
    line.clear();
    // What was measured until then is shown.
    result.interrupted = result.interrupted || stop.load();
    print_tables(result);
    json.write(result.total, result.interrupted, rounds_json(result, rules_));
    for (const Cell& cell : result.cells) {
      warnings_.insert(cell.warnings.begin(), cell.warnings.end());
    }
    warnings_.erase(Warning::trials_failed);  // the reason follows
    print_warnings(warnings_);
    return report(result);
  }

 private:
  TrialOutcome run_one(const TrialSpec& spec, const TrialProgress& on_progress,
                       const std::atomic<bool>& stop) {
    const Target& target =
        *std::find_if(targets_.begin(), targets_.end(),
                      [&spec](const Target& one) { return one.shown == spec.cell.url; });
    LoadOptions load = options_.load;
    load.target = target.url.address;
    load.host = target.url.host;
    load.path = target.url.path;
    load.tls = target.url.has_tls;
    load.tls_name = target.url.tls_name;
    load.body = spec.cell.body;
    load.mix = spec.cell.mix;
    load.seed = grid_.seed + spec.repeat;
    load.reuse = spec.cell.reuse;
    Row row = common_;
    row.started_at = format_utc_now();
    row.url = spec.cell.url;
    row.repeat = spec.repeat;
    row.trial_order = spec.order;
    if (spec.rate) load.rate = spec.rate;
    // A counted guest's times are those of an emulator.
    MachineWatch machine{is_counted_guest() ? nullptr : &yardsticks_};
    machine.settle(stop);
    LoadMeasurement measured = measure(load, options_.client, server_, on_progress, stop);
    machine.look();
    LoadTally& tally = tallies_[spec.cell_index];
    tally.requests += measured.result.requests;
    tally.errors += measured.result.errors.total() + measured.result.missing_closes;
    const std::uint64_t unfinished = measured.result.unfinished;
    TrialOutcome outcome =
        make_load_outcome(load, std::move(measured), std::move(row), scope_, machine);
    if (outcome.row.status == Status::ok) tally.unfinished += unfinished;
    warnings_.insert(outcome.warnings.begin(), outcome.warnings.end());
    return outcome;
  }

  [[nodiscard]] std::FILE* stream_for_people() const {
    return options_.json == "-" || options_.rows.is_stdout() ? stderr : stdout;
  }

  void print_tables(const RunResult& result) const {
    std::FILE* const stream = stream_for_people();
    write_text(stream, format_load_tables(result.cells, tallies_, !options_.server_pids.empty()));
    // One measurement of one server has nothing to be precise about.
    if (grid_.subjects.size() > 1 || grid_.repeats > 1 || rules_.has_budget()) {
      write_text(stream, "\n" + describe_precision(result, rules_));
    }
    flush_text(stream);
  }

  [[nodiscard]] int report(const RunResult& result) const {
    std::uint64_t unfinished = 0;
    for (const LoadTally& tally : tallies_) unfinished += tally.unfinished;
    if (!result.save_failure.empty()) {
      print_error(result.save_failure);
    } else if (result.interrupted) {
      print_error("interrupted");
    } else if (result.failed_count != 0) {
      print_error(fmt::format("{} of {} measurements have no figures, {}", result.failed_count,
                              result.total, first_failure(result)));
    } else if (unfinished != 0) {
      print_error(fmt::format("{} requests had not ended 5 s after the load had", unfinished));
    } else if (const std::string text = describe_disturbed(result); !text.empty()) {
      print_error(text);
    }
    return unfinished == 0 ? exit_code_of(result) : kExitFailed;
  }

  const LoadCommandOptions& options_;
  const std::vector<Target>& targets_;
  RoundRules rules_;
  Host host_;
  HostScope scope_;
  ForeignServer server_;
  Yardsticks yardsticks_{yardstick_here()};
  Row common_;
  Grid grid_;
  std::vector<LoadTally> tallies_;  // of the cells
  Warnings warnings_;
};

int run_load_command(const LoadCommandOptions& typed) {
  LoadCommandOptions options = typed;
  options.rows.save = options.rows.csv.has_value();
  settle_outputs(&options.rows, options.json);
  require_client(options.client, options.load, options.grid);
  if (options.urls.size() > 1 && !options.server_pids.empty()) {
    throw UsageError("--server-pid is of one server: give one URL, or leave it out");
  }
  const std::vector<Target> targets = find_targets(options.urls, options.client);
  for (const Target& target : targets) {
    if (target.url.has_tls) tls::require_library();
  }
  LoadRun run{options, targets};  // refuses a wrong process before anything is sent
  return run.run(stop_on_signal());
}

}  // namespace

void declare_load_command(Flags& flags, LoadCommandOptions& options) {
  // The kernel's PID_MAX_LIMIT. The clock of a much larger one is another process's: the number is
  // shifted into a clockid_t without a check (clock_getcpuclockid, glibc 2.36).
  constexpr int kPidMax = 1 << 22;
  options.arguments = flags.arguments();
  flags
      .operand("URL", options.urls,
               "http://HOST:PORT/PATH, https://…, or unix:PATH; several are measured by turns and "
               "compared with the first")
      .required();
  declare_load(flags, options.load, options.grid, options.client,
               std::to_string(options.load.connections),
               "checksum every request; only uring-bench's own server knows how");
  declare_find_rate(flags, options.find_rate, options.load, options.client);
  flags.flag("--tls-resume", options.load.tls_resumes,
             "https: a connection resumes the session of an earlier one, if the server lets it");
  flags.text("-H,--header", options.load.headers, "LINE",
             "a further header, 'Name: value'; repeatable");
  flags.group("The server");
  flags
      .number("--server-pid", options.server_pids, std::pair{1, kPidMax},
              "the server's processes, whose CPU time is then measured too: these as its master, "
              "those that they started as its workers; with one URL only")
      .comma_list()
      .type_name("PID,…");
  flags.group("The rounds");
  declare_repeats(flags, options.grid.repeats);
  declare_rounds(flags, options.rules, &options.has_precision);
  declare_seed(flags, options.grid.seed, "of the order of measurements");
  flags.group("The output");
  flags.text("--csv", options.rows.csv, "FILE", "file to append rows to; - is stdout");
  declare_json(flags, options.json, "file for rows, histograms and context; - is stdout");
  declare_quiet(flags, options.quiet);
}

extern const Command command_load;
const Command command_load{
    .name = "load",
    .summary = "Runs only the client, against one HTTP/1.1 server or several",
    .examples =
        "  uring-bench load http://127.0.0.1:8080/ --body 0 --reuse yes -d 5s\n"
        "  uring-bench load http://127.0.0.1:8080/ -b 4K -c 64 --rate 20000 --json -\n"
        "  uring-bench load http://a.example/ http://b.example/ --repeats 10 --csv rows.csv\n"
        "  uring-bench load http://127.0.0.1/ --server-pid \"$(pgrep -o nginx)\"\n",
    .declare = [](Flags& flags) {
      return make_action(flags, declare_load_command, run_load_command);
    }};

}  // namespace urb
