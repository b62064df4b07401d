// `report`: files of rows → Markdown, JSON, and a page that shows them all.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "cli/command.hpp"
#include "cli/messages.hpp"
#include "cli/outputs.hpp"
#include "cli/version.hpp"
#include "process/output_target.hpp"
#include "process/whole_file.hpp"
#include "profile/profile_row.hpp"
#include "report/analysis.hpp"
#include "report/console.hpp"
#include "report/json.hpp"
#include "report/markdown_report.hpp"
#include "report/page.hpp"
#include "report/profiles.hpp"
#include "row/record_reader.hpp"
#include "row/repeated_rows.hpp"
#include "row/row_reader.hpp"

namespace urb {
namespace {

struct ReportOptions {
  std::vector<std::string> files;
  std::optional<std::string> folder;
  std::optional<std::string> json;  // with neither: Markdown on stdout
};

struct Inputs {
  std::vector<InputFile> rows;
  Profiles profiles;
};

// What a file holds is said by its header. Rows that were read before, in this file or in another,
// make no further repeats.
Inputs read_files(const std::vector<std::string>& paths) {
  Inputs inputs;
  std::vector<std::string> notes;
  SeenTrials seen;
  for (const std::string& path : paths) {
    const std::string text = read_record_text(path);
    if (is_profile(text)) {
      const std::size_t repeated = inputs.profiles.add(path, parse_profile(text, path, &notes));
      if (repeated != 0) {
        notes.push_back(
            fmt::format("{}: {} rows were read before, and count once", path, repeated));
      }
      continue;
    }
    InputFile& file = inputs.rows.emplace_back(InputFile{path, parse_rows(text, path, &notes)});
    file.repeated = seen.drop_repeated(file.rows);
    if (file.repeated != 0) {
      notes.push_back(fmt::format("{}: {}", path, describe_repeated(file.repeated)));
    }
  }
  for (const std::string& note : notes) print_error("warning: " + note);
  if (inputs.rows.empty()) {
    throw UsageError(
        fmt::format("{}: profiles alone (name a file of rows too, such as the one that "
                    "sweep wrote beside it)",
                    paths.front()));
  }
  return inputs;
}

// No file that is read is written over.
void require_outputs(const std::vector<std::string>& read_paths,
                     const std::vector<std::string>& written_paths) {
  std::vector<NamedTarget> written;
  for (const std::string& path : written_paths) {
    require_writable(path);
    written.push_back({path, find_target(path)});
  }
  refuse_same(written, targets_beside(read_paths));
}

// "--json rows.csv more.csv" takes the first for the name of the output.
void require_json_target(const std::string& path) {
  require_writable(path);
  const OutputTarget target = find_target(path);
  // A pipe would be waited for, and what is read from it would be gone.
  if (target.kind != OutputTarget::Kind::file || !target.exists) return;
  std::ifstream file{target.path};
  std::string line;
  if (std::getline(file, line) && (schema_of_header(line) != 0 || is_profile(line))) {
    throw UsageError(
        fmt::format("--json {}: a file of rows is not written over (name another, or "
                    "put --json behind the files)",
                    path));
  }
}

void write_folder(const ReportOptions& report, const Analysis& analysis, const std::string& json) {
  const std::filesystem::path folder{*report.folder};
  const std::string page = (folder / "index.html").string();
  const std::string markdown = (folder / "report.md").string();
  require_outputs(report.files, {page, markdown});
  write_whole(markdown, make_markdown_report(analysis));
  write_whole(page, make_page(json));
  write_text(stdout, fmt::format("{}: everything, in one file\n{}: the tables\n", page, markdown));
}

int run_report(const ReportOptions& options) {
  if (options.folder) require_folder("--output", *options.folder);
  if (options.json) require_json_target(*options.json);
  Inputs inputs = read_files(options.files);
  const Analysis analysis{std::move(inputs.rows)};
  const bool needs_json = options.json || options.folder;
  if (!needs_json && !inputs.profiles.files().empty()) {
    print_error("warning: profiles are in the page and the JSON alone (add -o DIR)");
  }
  const std::string json =
      needs_json ? format_analysis_json(analysis, kVersion, inputs.profiles) : "";
  if (options.json) write_whole(*options.json, json);
  if (options.folder) write_folder(options, analysis, json);
  if (!needs_json) write_text(stdout, make_markdown_report(analysis));
  flush_text(stdout);
  return kExitOk;
}

void declare_report(Flags& flags, ReportOptions& options) {
  flags
      .operand("FILE", options.files,
               "CSV files of rows: of several kernels, or of several runs; and of profiles")
      .required();
  flags.text("-o,--output", options.folder, "DIR",
             "folder for index.html, a page that needs nothing else, and report.md; without it the "
             "tables go to standard output, in Markdown");
  flags
      .text("--json", options.json, "FILE",
            "file for all medians, intervals and rows in JSON; - is stdout, and so is no name")
      .value_if_none("-");
}

}  // namespace

extern const Command command_report;
const Command command_report{
    .name = "report",
    .summary = "What the rows of any number of files say: Markdown, JSON, a page",
    .examples =
        "  uring-bench report results/*.csv -o report\n"
        "  uring-bench report rows.csv > rows.md\n"
        "  uring-bench report rows.csv --json report.json\n",
    .declare = [](Flags& flags) { return make_action(flags, declare_report, run_report); }};

}  // namespace urb
