// `compare`: two files of rows, what changed between them, and whether it got worse.
#include "cli/compare_command.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <utility>

#include "base/error.hpp"
#include "base/suggest.hpp"
#include "cli/command.hpp"
#include "cli/flag_groups.hpp"
#include "cli/messages.hpp"
#include "compare/comparison.hpp"
#include "compare/json.hpp"
#include "compare/text.hpp"
#include "process/whole_file.hpp"
#include "profile/profile_row.hpp"
#include "row/repeated_rows.hpp"
#include "row/row_reader.hpp"

namespace urb {
namespace {

std::string metric_names() {
  std::string names;
  for (const Metric& metric : all_metrics()) {
    names += fmt::format("{}{}", names.empty() ? "" : " ", metric.name);
  }
  return names;
}

// The rows of a text, each once, of one run only if `run` is not empty.
Side read_side(const std::string& path, const std::string& text, const std::string& run) {
  std::vector<std::string> notes;
  Side side{path, parse_rows(text, path, &notes)};
  SeenTrials seen;
  if (const std::size_t repeated = seen.drop_repeated(side.rows); repeated != 0) {
    notes.push_back(fmt::format("{}: {}", path, describe_repeated(repeated)));
  }
  for (const std::string& note : notes) print_error("warning: " + note);
  if (run.empty()) return side;
  std::string latest;
  if (!side.rows.empty()) latest = side.rows.back().run_id;
  std::erase_if(side.rows, [&run](const Row& row) { return row.run_id != run; });
  if (side.rows.empty()) {
    throw UsageError(fmt::format("{} has no run {} (its latest is {})", path, run,
                                 latest.empty() ? "none" : latest));
  }
  return side;
}

int run_compare(const CompareOptions& typed) {
  CompareOptions compare = typed;
  settle_outputs(nullptr, compare.json, {compare.base, compare.next});
  const std::string base = read_record_text(compare.base);
  const std::string next = read_record_text(compare.next);
  if (is_profile(base) != is_profile(next)) {
    const auto [profile, rows] = is_profile(base) ? std::pair{compare.base, compare.next}
                                                  : std::pair{compare.next, compare.base};
    throw UsageError(fmt::format(
        "{} is a file of profiles, {} one of rows (compare two of one kind)", profile, rows));
  }
  if (is_profile(base)) return compare_profile_texts(compare, base, next);
  if (compare.by != ProfileDetail::cell) {
    throw UsageError(fmt::format(
        "--by {}: rows know no functions (give two files of sweep --profile, or leave it out)",
        name_of(compare.by)));
  }
  const std::vector<const Metric*> metrics = find_named<Metric>(
      "metric", compare.metrics, all_metrics(), find_metric, "there are " + metric_names());
  if (compare.json) require_writable(*compare.json);
  const Comparison comparison =
      compare_rows(read_side(compare.base, base, compare.base_run),
                   read_side(compare.next, next, compare.next_run), metrics,
                   {compare.threshold_percent, compare.accept_disturbed});
  // The table is for people: it gives way to what is for a program.
  std::FILE* const stream = compare.json == "-" ? stderr : stdout;
  const TableStyle style = compare.markdown ? TableStyle::markdown : TableStyle::aligned;
  const bool color = !compare.markdown && wants_color(compare.color, stream);
  write_text(stream, format_report(make_comparison_report(comparison, style), color));
  flush_text(stream);
  if (compare.json) write_whole(*compare.json, format_comparison_json(comparison));
  return comparison.found_regression() ? kExitFailed : kExitOk;
}

}  // namespace

void declare_compare(Flags& flags, CompareOptions& options) {
  flags.operand("BASE", options.base, "CSV file of the rows or profiles from before").required();
  flags.operand("NEW", options.next, "CSV file of the rows or profiles from after").required();
  flags.text("--metric", options.metrics, "LIST", "what to compare, comma list: " + metric_names())
      .comma_list()
      .default_str("req/s,cpu/req,p99");
  flags.choice("--by", options.by,
               std::array{ProfileDetail::cell, ProfileDetail::subsystem, ProfileDetail::function},
               "how far tables of profiles (sweep --profile) go into detail");
  flags.number("--limit", options.limit, std::pair{std::size_t{0}, std::size_t{1000000}},
               "functions of a cell to show, the largest changes first; 0 shows all");
  flags
      .number("--threshold", options.threshold_percent, std::pair{0.0, 1e6},
              "exit 1 when a cell is worse by more than this, and by more than noise")
      .type_name("PERCENT");
  flags.text("--base-run", options.base_run, "ID", "only the rows of BASE with this run_id")
      .default_str("all runs");
  flags.text("--new-run", options.next_run, "ID", "only the rows of NEW with this run_id")
      .default_str("all runs");
  flags.flag("--accept-disturbed", options.accept_disturbed,
             "takes disturbed trials in, which are left out by default");
  flags.flag("--markdown", options.markdown, "tables in Markdown");
  declare_json(flags, options.json, "file for the comparison in JSON; - is stdout");
  declare_color(flags, options.color);
}

extern const Command command_compare;
const Command command_compare{
    .name = "compare",
    .summary = "Compares the rows or the profiles of two files, cell by cell",
    .examples =
        "  uring-bench compare before.csv after.csv --metric cpu/req,p99\n"
        "  uring-bench compare before.csv after.csv --threshold 2 || echo 'it got worse'\n"
        "  uring-bench compare 6.12.profile.csv 6.19.profile.csv --by function\n",
    .declare = [](Flags& flags) { return make_action(flags, declare_compare, run_compare); },
    .exit_on_failure = kExitUsage};

}  // namespace urb
