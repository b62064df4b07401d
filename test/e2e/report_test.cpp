// `report` as a user runs it: tables, JSON, a page, and what it says when it cannot.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "e2e/program.hpp"

namespace urb::test {
namespace {

constexpr const char* kRows = URB_TEST_DATA "/report/rows.csv";

std::string text_of(const std::string& path) {
  std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE_BEGIN("e2e");

TEST_CASE("report: the tables on stdout") {
  const Outcome outcome = run({"report", kRows});
  CHECK(outcome.status == 0);
  CHECK(outcome.err == "");
  CHECK(contains(outcome.out, "| Test            |     Thruput w/ 1MB Req |"));
  CHECK(contains(outcome.out, "## What was found"));
}

TEST_CASE("report: a folder with the page and the tables") {
  const TempFolder folder;
  const std::string out = folder.file("new/report");
  const Outcome outcome = run({"report", kRows, kRows, "-o", out});
  CHECK(outcome.status == 0);
  const std::string page = text_of(out + "/index.html");
  CHECK(contains(page, "</html>"));
  CHECK(contains(page, R"(<script type="application/json" id="rows">{"format":)"));
  CHECK(contains(text_of(out + "/report.md"), "# uring-bench report"));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{out}) {
    files += entry.exists() ? 1 : 0;
  }
  CHECK(files == 2);
}

TEST_CASE("report: the JSON to standard output, to a file, and never over rows") {
  const TempFolder folder;
  const Outcome printed = run({"report", kRows, "--json"});
  CHECK(printed.status == 0);
  CHECK(printed.out.starts_with(R"({"format":"uring-bench-report-1")"));
  const std::string path = folder.file("report.json");
  CHECK(run({"report", kRows, "--json", path}).status == 0);
  CHECK(text_of(path) == printed.out);
  const std::string rows = folder.file("rows.csv");
  std::filesystem::copy_file(kRows, rows);
  // A pipe is written to, and not looked into.
  const Outcome piped = run({"report", kRows, "--json", "/dev/stdout"});
  CHECK(piped.status == 0);
  CHECK(piped.out == printed.out);
  const Outcome refused = run({"report", "--json", rows, kRows});
  CHECK(refused.status == 2);
  CHECK(contains(refused.err, "a file of rows is not written over"));
  CHECK(text_of(rows) == text_of(kRows));
}

TEST_CASE("report: 50,000 rows take seconds, and a page as large as the rows") {
  const TempFolder folder;
  const std::string rows = folder.file("rows.csv");
  const std::string all = text_of(kRows);
  const std::size_t header = all.find('\n') + 1;
  std::size_t size = 0;
  {
    std::ofstream file{rows};
    file << all.substr(0, header);
    const std::size_t lines = std::count(all.begin(), all.end(), '\n') - 1;
    // Each copy is of a run of its own: the same run again would count once.
    for (std::size_t copy = 0; copy * lines < 50'000; ++copy) {
      std::string run = all.substr(header);
      const std::string digits = std::to_string(100'000'000 + copy).substr(1);
      for (std::size_t at = 0; (at = run.find("Z-00000001,", at)) != std::string::npos; ++at) {
        run.replace(at + 2, 8, digits);
      }
      file << run;
      size += run.size();
    }
  }
  const auto started = std::chrono::steady_clock::now();
  const Outcome outcome = run({"report", rows, "-o", folder.file("out")});
  const auto elapsed = std::chrono::steady_clock::now() - started;
  CHECK(outcome.status == 0);
  CHECK(contains(text_of(folder.file("out/report.md")), "rows.csv: 5"));
  // Generous, for sanitizers on a busy machine. A loop over all pairs of rows would need longer.
  CHECK(elapsed < std::chrono::seconds{240});
  CHECK(std::filesystem::file_size(folder.file("out/index.html")) < size + (2U << 20));
}

TEST_CASE("report: what it cannot read or write is named, and nothing is left") {
  const TempFolder folder;
  const std::string file = folder.file("file");
  std::ofstream{file} << "schema,method\n";
  CHECK(run({"report"}).status == 2);
  const Outcome unknown = run({"report", file});
  CHECK(unknown.status == 2);
  CHECK(contains(unknown.err, file));
  const Outcome missing = run({"report", folder.file("missing.csv")});
  CHECK(missing.status == 1);
  CHECK(contains(missing.err, "missing.csv"));
  const Outcome blocked = run({"report", kRows, "-o", file});
  CHECK(blocked.status == 1);
  CHECK(contains(blocked.err, "choose another file, or a folder that can be written"));
  const Outcome full =
      run_program({"sh", "-c", "\"$0\" report \"$1\" >/dev/full", binary(), kRows});
  CHECK(full.status == 1);
  CHECK(contains(full.err, "cannot write to standard output: No space left on device"));
  CHECK(run({"report", kRows, "-o", ""}).status == 2);
}

TEST_CASE("report: a copy of a file adds no repeats, and a line says so") {
  const TempFolder folder;
  const std::string copy = folder.file("copy.csv");
  std::filesystem::copy_file(kRows, copy);
  const Outcome once = run({"report", kRows});
  const Outcome twice = run({"report", kRows, copy});
  CHECK(twice.status == 0);
  CHECK(contains(twice.err, copy + ": "));
  CHECK(contains(twice.err, "count once"));
  const auto tables_of = [](const std::string& page) {
    return page.substr(page.find("\n## Linux"));
  };
  CHECK(tables_of(once.out) == tables_of(twice.out));
}

TEST_CASE("report: what it reads is not written over") {
  const TempFolder folder;
  const std::string rows = folder.file("report.md");
  std::filesystem::copy_file(kRows, rows);
  const Outcome outcome = run({"report", rows, "-o", folder.path().string()});
  CHECK(outcome.status == 2);
  CHECK(contains(outcome.err, "are one file"));
  CHECK(text_of(rows) == text_of(kRows));
}

TEST_CASE("report: a file name that is no UTF-8, or commands terminals, leaves a valid page") {
  const TempFolder folder;
  const std::string rows = folder.file("r\xE9s\x1B[2J.csv");
  std::filesystem::copy_file(kRows, rows);
  const std::string out = folder.file("out");
  const Outcome outcome = run({"report", rows, "-o", out});
  CHECK(outcome.status == 0);
  for (const auto& entry : std::filesystem::directory_iterator{out}) {
    const std::string path = entry.path().string();
    CAPTURE(path);
    CHECK(contains(text_of(path), "\xE9") == false);
    CHECK(contains(text_of(path), "\x1B") == false);
  }
  CHECK(contains(text_of(out + "/index.html"), "r\uFFFDs"));
}

TEST_CASE("compare: a failure is not the status that means worse") {
  const TempFolder folder;
  const auto status_of = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"compare", kRows, kRows};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  };
  CHECK(run({"compare", kRows, folder.file("missing.csv")}).status == 2);
  CHECK(status_of({"--json", "/proc/none/file"}).status == 2);
  CHECK(status_of({"--json", kRows}).status == 2);
  const std::string base = folder.file("base.csv");
  REQUIRE(run({"direct",
               "--no-reference",
               "-w",
               "1",
               "-n",
               "5",
               "-b",
               "0",
               "-r",
               "yes",
               "--repeats",
               "5",
               "--budget",
               "0",
               "--accept-disturbed",
               "--warmup",
               "0s",
               "-q",
               "--csv",
               base})
              .status == 0);
  for (const std::string sink : {">/dev/full", ">&-"}) {
    CAPTURE(sink);
    const Outcome outcome =
        run_program({"sh", "-c", "exec \"$0\" compare --accept-disturbed \"$1\" \"$1\" " + sink,
                     binary(), base});
    CHECK(outcome.status == 2);
    CHECK(contains(outcome.err, "cannot write to standard output: "));
  }
}

TEST_CASE("every command names standard output when it is what fails, and none is aborted") {
  for (const std::string command :
       {"--help", "--version", "doctor", "list-modes", "list-columns",
        "micro nop -n 10 --warmup 0s --repeats 1 --budget 0 --no-save -q"}) {
    CAPTURE(command);
    const Outcome outcome =
        run_program({"sh", "-c", "exec \"$0\" " + command + " >/dev/full", binary()});
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err, "cannot write to standard output: No space left on device"));
  }
  CHECK(run_program({"sh", "-c", "exec \"$0\" nonsense 2>/dev/full", binary()}).status == 2);
}

TEST_CASE("report: on a full disk one line, and no half of a file") {
  const std::string script =
      "mkdir disk && mount -t tmpfs -o size=16k none disk || exit 126\n"
      "\"$1\" report \"$2\" -o disk/report; code=$?\n"
      "for file in disk/report/*; do\n"
      "  case $file in *.XXXXXX*|*'*') ;; *.html) echo \"there is $file\" ;; esac\n"
      "done\n"
      "ls -A disk/report | grep -v -E '^(report.md|index.html)$'\n"
      "exit $code";
  const TempFolder folder;
  const char* const enter = geteuid() == 0 ? "-m" : "-rm";
  const Outcome outcome = run_program({"unshare", enter, "sh", "-c", "cd \"$0\"; " + script,
                                       folder.path().string(), binary(), kRows});
  if (outcome.status == 126) {
    MESSAGE("no tmpfs of its own can be mounted here");
    return;
  }
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "No space left on device"));
  CHECK(outcome.out == "");
}

TEST_SUITE_END();

}  // namespace urb::test
