// `compare` of two files of profiles.
#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "base/error.hpp"
#include "base/exit_code.hpp"
#include "cli/compare_command.hpp"
#include "cli/messages.hpp"
#include "compare/profile_comparison.hpp"
#include "compare/profile_json.hpp"
#include "process/whole_file.hpp"

namespace urb {
namespace {

ProfileSide read_profile_side(const std::string& path, const std::string& text,
                              const std::string& run) {
  std::vector<std::string> notes;
  ProfileSide side{path, parse_profile(text, path, &notes)};
  for (const std::string& note : notes) print_error("warning: " + note);
  if (run.empty()) return side;
  const std::string latest = side.rows.empty() ? "none" : side.rows.back().run_id;
  std::erase_if(side.rows, [&run](const ProfileRow& row) { return row.run_id != run; });
  if (side.rows.empty()) {
    throw UsageError(fmt::format("{} has no run {} (its latest is {})", path, run, latest));
  }
  return side;
}

}  // namespace

int compare_profile_texts(const CompareOptions& options, const std::string& base,
                          const std::string& next) {
  if (options.metrics != CompareOptions{}.metrics) {
    throw UsageError("profiles have instructions alone (leave out --metric)");
  }
  if (options.json) require_writable(*options.json);
  const ProfileComparison comparison = compare_profiles(
      read_profile_side(options.base, base, options.base_run),
      read_profile_side(options.next, next, options.next_run), options.threshold_percent);
  // The table is for people: it gives way to what is for a program.
  std::FILE* const stream = options.json == "-" ? stderr : stdout;
  const TableStyle style = options.markdown ? TableStyle::markdown : TableStyle::aligned;
  const bool color = !options.markdown && wants_color(options.color, stream);
  write_text(stream, format_report(
                         make_profile_report(comparison, options.by, options.limit, style), color));
  flush_text(stream);
  if (options.json) write_whole(*options.json, format_profile_comparison_json(comparison));
  return comparison.found_regression() ? kExitFailed : kExitOk;
}

}  // namespace urb
