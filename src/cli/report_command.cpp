// `report`: files of rows → tables, pictures, and a page that shows them all.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "report/gnuplot.hpp"
#include "report/html.hpp"
#include "report/json_file.hpp"
#include "report/page.hpp"
#include "report/row_reader.hpp"

namespace urb {

int run_report(const Options& options) {
  const ReportOptions& report = options.report;
  std::vector<InputFile> files;
  for (const std::string& path : report.files) files.push_back({path, read_rows(path)});
  if (report.folder.empty()) {
    // Not fmt's, which names no file when it fails; main() says what could not be written.
    std::fputs(make_page(files, false).markdown.c_str(), stdout);
    return kExitOk;
  }
  const bool with_pictures = has_gnuplot();
  const Page page = make_page(files, with_pictures);
  const auto path_of = [&report](const std::string& name) {
    return (std::filesystem::path{report.folder} / name).string();
  };
  require_writable(path_of("index.html"));  // before gnuplot works for nothing
  std::map<std::string, std::string> pictures;
  for (const Picture& picture : page.pictures) pictures[picture.name] = draw(picture);
  for (const auto& [name, svg] : pictures) write_whole(path_of(name + ".svg"), svg);
  write_whole(path_of("report.md"), page.markdown);
  write_whole(path_of("index.html"), make_html(page.markdown, pictures));
  fmt::print("{}: everything, in one file\n{}: the tables\n", path_of("index.html"),
             path_of("report.md"));
  if (!pictures.empty()) fmt::print("{}: {} pictures\n", path_of("*.svg"), pictures.size());
  std::fflush(stdout);
  if (!with_pictures) {
    fmt::print(
        stderr,
        "uring-bench: no pictures: gnuplot is not installed (apt-get install gnuplot-nox)\n");
  }
  return kExitOk;
}

}  // namespace urb
