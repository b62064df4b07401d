// `report`: files of rows → tables, pictures, and a page that shows them all.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.hpp"
#include "cli/messages.hpp"
#include "cli/outputs.hpp"
#include "process/output_target.hpp"
#include "report/console.hpp"
#include "report/gnuplot.hpp"
#include "report/html.hpp"
#include "report/page.hpp"
#include "row/json_file.hpp"
#include "row/repeated_rows.hpp"
#include "row/row_reader.hpp"

namespace urb {
namespace {

struct ReportOptions {
  std::vector<std::string> files;
  std::optional<std::string> folder;  // none: tables alone, on stdout
};

// Rows that were read before, in this file or in another, make no further repeats.
std::vector<InputFile> read_files(const std::vector<std::string>& paths) {
  std::vector<InputFile> files;
  std::vector<std::string> notes;
  SeenTrials seen;
  for (const std::string& path : paths) {
    InputFile& file = files.emplace_back(InputFile{path, read_rows(path, &notes)});
    file.repeated = seen.drop_repeated(file.rows);
    if (file.repeated != 0) {
      notes.push_back(fmt::format("{}: {}", path, describe_repeated(file.repeated)));
    }
  }
  for (const std::string& note : notes) print_error("warning: " + note);
  return files;
}

// Before gnuplot works for nothing. No file that is read is written over.
void require_outputs(const std::vector<std::string>& read_paths,
                     const std::vector<std::string>& written_paths) {
  std::vector<NamedTarget> written;
  for (const std::string& path : written_paths) {
    require_writable(path);
    written.push_back({path, find_target(path)});
  }
  refuse_same(written, targets_beside(read_paths));
}

int run_report(const ReportOptions& report) {
  if (report.folder) require_folder("--output", *report.folder);
  const std::vector<InputFile> files = read_files(report.files);
  if (!report.folder) {
    write_text(stdout, make_page(files, false).markdown);
    return kExitOk;
  }
  const bool with_pictures = has_gnuplot();
  const Page page = make_page(files, with_pictures);
  const auto path_of = [&report](const std::string& name) {
    return (std::filesystem::path{*report.folder} / name).string();
  };
  std::vector<std::string> written{path_of("index.html"), path_of("report.md")};
  for (const Picture& picture : page.pictures) written.push_back(path_of(picture.name + ".svg"));
  require_outputs(report.files, written);
  std::map<std::string, std::string> pictures;
  for (const Picture& picture : page.pictures) pictures[picture.name] = draw(picture);
  for (const auto& [name, svg] : pictures) write_whole(path_of(name + ".svg"), svg);
  write_whole(path_of("report.md"), page.markdown);
  write_whole(path_of("index.html"), make_html(page.markdown, pictures));
  write_text(stdout, fmt::format("{}: everything, in one file\n{}: the tables\n",
                                 path_of("index.html"), path_of("report.md")));
  if (!pictures.empty()) {
    write_text(stdout, fmt::format("{}: {} pictures\n", path_of("*.svg"), pictures.size()));
  }
  flush_text(stdout);
  if (!with_pictures) {
    print_error("no pictures: gnuplot is not installed (apt-get install gnuplot-nox)");
  }
  return kExitOk;
}

void declare_report(Flags& flags, ReportOptions& options) {
  flags.app()
      .add_option("FILE", options.files,
                  "CSV files of rows: of several kernels, or of several runs")
      ->required();
  flags.text("-o,--output", options.folder, "DIR",
             "folder for index.html, report.md and the pictures, which gnuplot draws; without it "
             "the tables go to standard output, in Markdown");
}

}  // namespace

extern const Command command_report;
const Command command_report{
    .name = "report",
    .summary = "Tables and pictures of the rows of any number of files",
    .examples =
        "  uring-bench report results/*.csv -o report\n"
        "  uring-bench report rows.csv > rows.md\n",
    .declare = [](Flags& flags) { return make_action(flags, declare_report, run_report); }};

}  // namespace urb
