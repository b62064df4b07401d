// `micro`: single kernel operations, one row for each trial.
#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "base/suggest.hpp"
#include "cli/command.hpp"
#include "cli/flag_groups.hpp"
#include "cli/host_line.hpp"
#include "cli/messages.hpp"
#include "cli/run_id.hpp"
#include "cli/signals.hpp"
#include "experiment/micro_trial.hpp"
#include "experiment/run_summary.hpp"
#include "report/markdown.hpp"
#include "sweep/guest.hpp"

namespace urb {
namespace {

struct MicroOptions {
  std::vector<std::string> names;  // as typed; none: all
  MicroPlan plan;
  unsigned repeats = Grid{}.repeats;
  RoundRules rules;
  RowOutput rows;
  bool quiet = false;
};

void print_table(std::FILE* stream, const std::vector<Cell>& cells) {
  MarkdownTable table{{"Operation", "µs (low–high)", "CPU µs", "enters", "SQEs", "GB/s"}, 1};
  for (const Cell& cell : cells) {
    if (!cell.has_figures()) {
      table.add({cell.mode, "–", "–", "–", "–", "–"});
      continue;
    }
    std::vector<double> each_us;
    for (const Row& row : cell.rows) each_us.push_back(1e6 / row.requests_per_s.value_or(0));
    const double gb_per_s = cell.median(&Row::bytes_per_s).value_or(0) / 1e9;
    table.add({cell.mode, format_median(median_interval(each_us)),
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

int report_micro_outcome(const RunResult& result) {
  for (const Cell& cell : result.cells) {
    if (cell.failed_count == 0) continue;
    print_error(fmt::format("{} has no figures in {} of {} trials: {}", cell.mode,
                            cell.failed_count, cell.rows.size() + cell.failed_count,
                            cell.failed_reason));
  }
  if (!result.save_failure.empty()) print_error(result.save_failure);
  if (const std::string text = describe_disturbed(result); !text.empty()) print_error(text);
  if (result.interrupted) {
    print_error(
        fmt::format("interrupted after {} of {} trials", result.done_count(), result.total));
  }
  return exit_code_of(result);
}

int run_micro(const MicroOptions& typed) {
  MicroOptions options = typed;
  std::optional<std::string> no_json;
  settle_outputs(&options.rows, no_json);
  const Grid grid = make_micro_grid(find_named<Micro>("operation", options.names, all_micros(),
                                                      find_micro, "micro --help names them"),
                                    options.repeats);
  const Host host = probe_host();
  const HostScope scope = scope_of(host);
  Yardsticks yardsticks{yardstick_here()};
  Row common;
  common.run_id = make_run_id();
  fill_host(common, host);
  common.loop = "closed";
  common.client = "builtin";
  common.pinning = "none";
  common.seed = grid.seed;
  std::optional<RowFile> file = options.rows.open();
  const std::atomic<bool>& stop = stop_on_signal();
  ProgressLine line{!options.quiet};
  const RunnerHooks hooks{
      .run_trial =
          [&](const TrialSpec& spec, const TrialProgress&) {
            return run_micro_trial(common, spec, options.plan, scope,
                                   is_counted_guest() ? nullptr : &yardsticks, stop);
          },
      .save_row =
          [&](const Row& row) {
            if (file) file->append(row);
          },
      .keep_outcome = {},
      .show_progress =
          [&](Progress progress) {
            progress.label =
                progress.label.substr(0, progress.label.find(' '));  // no body, no reuse
            line.show(progress);
          }};
  const unsigned repeats = options.rules.has_budget() ? kRepeatsEnough : options.repeats;
  const RunResult result = run_experiment(
      {.grid = grid,
       .rules = options.rules,
       .warnings = find_run_warnings(host, running_build(), repeats),
       .planned_per_trial = options.plan.warmup + options.plan.duration + kAroundTrial},
      hooks, stop);
  line.clear();
  if (result.done_count() != 0) {
    std::FILE* const stream = options.rows.is_stdout() ? stderr : stdout;
    print_table(stream, result.cells);
    write_text(stream, describe_precision(result, options.rules));
    flush_text(stream);
  }
  return report_micro_outcome(result);
}

void declare_micro(Flags& flags, MicroOptions& options) {
  std::string usual;
  std::string others;
  for (const Micro& micro : all_micros()) {
    std::string& names = micro.by_name_only ? others : usual;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", micro.name);
  }
  flags
      .operand(
          "NAME", options.names,
          fmt::format("operations, all of these by default: {}; by name only: {}", usual, others))
      .type_name("");
  declare_window(flags, "operations", options.plan.duration, options.plan.operations,
                 options.plan.warmup);
  declare_repeats(flags, options.repeats);
  declare_rounds(flags, options.rules);
  declare_rows(flags, options.rows);
  declare_quiet(flags, options.quiet);
}

}  // namespace

extern const Command command_micro;
const Command command_micro{
    .name = "micro",
    .summary = "Measures the kernel operations that the modes are made of",
    .examples =
        "  uring-bench micro\n"
        "  uring-bench micro nop fd-pass-1 --repeats 10\n",
    .declare = [](Flags& flags) { return make_action(flags, declare_micro, run_micro); }};

}  // namespace urb
