// `report` as a user runs it: tables, a page, pictures, and what it says when it cannot.
#include <doctest/doctest.h>
#include <unistd.h>

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
  CHECK(contains(outcome.out, "| Test            | Thruput w/ 1MB Req |"));
  CHECK_FALSE(contains(outcome.out, ".svg"));
}

TEST_CASE("report: a folder with the page and its pictures") {
  const TempFolder folder;
  const std::string out = folder.file("new/report");
  const bool can_draw = is_installed("gnuplot");
  const Outcome outcome = run({"report", kRows, kRows, "-o", out});
  CHECK(outcome.status == 0);
  CHECK(contains(text_of(out + "/index.html"), "</html>"));
  CHECK(contains(text_of(out + "/report.md"), "# uring-bench report"));
  CHECK(std::filesystem::exists(out + "/throughput.svg") == can_draw);
  CHECK(contains(text_of(out + "/index.html"), "<svg") == can_draw);
}

TEST_CASE("report: without gnuplot everything but the pictures, and a line that says so") {
  const TempFolder folder;
  const Outcome outcome = run({"report", kRows, "-o", folder.path().string()},
                              [] { setenv("PATH", "/nonexistent", 1); });
  CHECK(outcome.status == 0);
  CHECK(contains(outcome.err, "gnuplot-nox"));
  CHECK_FALSE(contains(text_of(folder.file("report.md")), ".svg"));
  CHECK(contains(text_of(folder.file("index.html")), "</table>"));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{folder.path()}) {
    files += entry.exists() ? 1 : 0;
  }
  CHECK(files == 2);
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
  const auto tables_of = [](const std::string& page) { return page.substr(page.find("\n## ")); };
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

TEST_CASE("report: gnuplot's own settings are not the user's, and its failure is told") {
  const TempFolder folder;
  const std::string out = folder.file("out");
  if (is_installed("gnuplot")) {
    const Outcome outcome =
        run({"report", kRows, "-o", out}, [] { setenv("GNUTERM", "nonsense", 1); });
    CHECK(outcome.status == 0);
    CHECK(std::filesystem::exists(out + "/throughput.svg"));
  }
  std::ofstream{folder.file("gnuplot")} << "#!/bin/sh\necho 'no such library' >&2\nexit 1\n";
  std::filesystem::permissions(folder.file("gnuplot"), std::filesystem::perms::owner_all);
  const std::string path = folder.path().string();
  const Outcome broken =
      run({"report", kRows, "-o", out}, [&] { setenv("PATH", path.c_str(), 1); });
  CHECK(broken.status == 1);
  CHECK(contains(broken.err, "no such library"));
  CHECK_FALSE(contains(broken.err, "not installed"));
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
  REQUIRE(run({"direct", "--no-ceiling", "-w", "1", "-n", "5", "-b", "0", "-r", "yes", "--repeats",
               "5", "--warmup", "0s", "-q", "--csv", base})
              .status == 0);
  for (const std::string sink : {">/dev/full", ">&-"}) {
    CAPTURE(sink);
    const Outcome outcome =
        run_program({"sh", "-c", "exec \"$0\" compare \"$1\" \"$1\" " + sink, binary(), base});
    CHECK(outcome.status == 2);
    CHECK(contains(outcome.err, "cannot write to standard output: "));
  }
}

TEST_CASE("every command names standard output when it is what fails, and none is aborted") {
  for (const std::string command : {"--help", "--version", "doctor", "list-modes", "list-columns",
                                    "micro nop -n 10 --warmup 0s --repeats 1 --no-save -q"}) {
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
      "ls -A disk/report | grep -v -E '^(report.md|index.html|[a-z0-9-]+\\.svg)$'\n"
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
