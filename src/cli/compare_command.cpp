// `compare`: two files of rows, what changed between them, and whether it got worse.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/suggest.hpp"
#include "compare/comparison.hpp"
#include "compare/json.hpp"
#include "compare/text.hpp"
#include "report/console.hpp"
#include "process/whole_file.hpp"
#include "row/repeated_rows.hpp"
#include "row/row_reader.hpp"

namespace urb {
namespace {

std::vector<const Metric*> resolve_metrics(const std::vector<std::string>& names) {
  std::vector<const Metric*> metrics;
  for (const std::string& name : names) {
    const Metric* const metric = find_metric(name);
    if (metric == nullptr) {
      std::vector<std::string_view> known;
      std::string list;
      for (const Metric& each : all_metrics()) {
        known.push_back(each.name);
        list += fmt::format("{}{}", list.empty() ? "" : ", ", each.name);
      }
      const std::string_view nearest = nearest_name(name, known);
      throw UsageError(nearest.empty()
                           ? fmt::format("unknown metric {}, there are {}", name, list)
                           : fmt::format("unknown metric {}, did you mean {}?", name, nearest));
    }
    if (std::find(metrics.begin(), metrics.end(), metric) == metrics.end()) {
      metrics.push_back(metric);
    }
  }
  return metrics;
}

// The rows of `path`, each once, of one run only if `run` is not empty.
Side read_side(const std::string& path, const std::string& run) {
  std::vector<std::string> notes;
  Side side{path, read_rows(path, &notes)};
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

}  // namespace

int run_compare(const Options& options) {
  const CompareOptions& compare = options.compare;
  const std::vector<const Metric*> metrics = resolve_metrics(compare.metrics);
  if (compare.json) require_writable(*compare.json);
  const Comparison comparison =
      compare_rows(read_side(compare.base, compare.base_run),
                   read_side(compare.next, compare.next_run), metrics, compare.threshold_percent);
  const bool has_json_on_stdout = compare.json && *compare.json == "-";
  // The table is for people: it gives way to what is for a program.
  std::FILE* const stream = has_json_on_stdout ? stderr : stdout;
  const TableStyle style = compare.markdown ? TableStyle::markdown : TableStyle::aligned;
  const bool color = !compare.markdown && wants_color(options.color, stream);
  write_text(stream, format_report(make_comparison_report(comparison, style), color));
  flush_text(stream);
  if (compare.json) write_whole(*compare.json, format_comparison_json(comparison));
  return comparison.found_regression() ? kExitFailed : kExitOk;
}

}  // namespace urb
