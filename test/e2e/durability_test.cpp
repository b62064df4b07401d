// What becomes of the rows when a run does not end as planned: signals, a full disk, a closed pipe.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "row/row_reader.hpp"
#include "support/deadline.hpp"

namespace urb::test {
namespace {

std::vector<std::string> quick_run(const std::string& csv, const std::string& repeats) {
  return {
      "direct", "-w",       "1",    "-b",        "1k",    "-r",       "yes", "-n",
      "50",     "--warmup", "10ms", "--repeats", repeats, "--budget", "0",   "--accept-disturbed",
      "-q",     "--csv",    csv};
}

std::vector<std::string> as_command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), binary());
  return arguments;
}

std::string slurp(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

// Live processes that have `word` on their command line: the command's own, and its server's, which
// are its forks.
std::size_t count_processes(const std::string& word) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
    if (slurp((entry.path() / "cmdline").string()).find(word) != std::string::npos) ++count;
  }
  return count;
}

std::size_t line_count(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// Every line is a row with figures, and no line is half of one; their number.
std::size_t count_whole_rows(const std::string& path) {
  const std::string text = slurp(path);
  REQUIRE_FALSE(text.empty());
  CHECK(text.back() == '\n');
  const std::vector<Row> rows = read_rows(path);
  CHECK(rows.size() + 1 == line_count(text));
  for (const Row& row : rows) CHECK(row.requests.value_or(0) > 0);
  return rows.size();
}

// What a run says of others on the machine is not asked for here.
std::string without_disturbed(const std::string& err) {
  std::istringstream lines{err};
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("trials were disturbed") == std::string::npos) kept += line + "\n";
  }
  return kept;
}

// Exactly one line, which begins with the program's name and has all `parts`.
void check_one_line(const std::string& all, const std::vector<std::string>& parts) {
  const std::string err = without_disturbed(all);
  INFO(err);
  CHECK(line_count(err) == 1);
  CHECK(err.starts_with("uring-bench: "));
  for (const std::string& part : parts) {
    CAPTURE(part);
    CHECK(err.find(part) != std::string::npos);
  }
}

}  // namespace

TEST_SUITE_BEGIN("e2e");

// The file is the same for all of them: each run finds what the one before it has left.
TEST_CASE("however a run is ended, its rows are whole and the next run adds to them") {
  const TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  std::size_t rows_before = 0;
  for (const int number : {SIGKILL, SIGINT, SIGKILL, SIGTERM, SIGHUP, SIGKILL, SIGKILL}) {
    CAPTURE(number);
    Program program{as_command(quick_run(csv, "1000"))};
    // Not always at the same point of a trial.
    const std::size_t wanted = rows_before + 2 + static_cast<std::size_t>(number) % 3;
    REQUIRE(wait_until([&] {
      return line_count(slurp(csv)) > wanted &&
             count_processes(csv) == 3;  // with master and worker
    }));
    program.signal(number);
    const int status = program.wait().status;
    CHECK(status == (number == SIGKILL ? 128 + number : 1));
    CHECK(wait_until([&] { return count_processes(csv) == 0; }));
    const std::size_t rows = count_whole_rows(csv);
    CHECK(rows >= wanted);
    rows_before = rows;
  }
  CHECK(run(quick_run(csv, "2")).status == 0);
  CHECK(count_whole_rows(csv) == rows_before + 2);
}

TEST_CASE("half a row at the end is refused with its remedy, which helps") {
  const TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  REQUIRE(run(quick_run(csv, "2")).status == 0);
  const std::string whole = slurp(csv);
  const std::string torn = whole.substr(0, whole.size() - 30);
  std::ofstream{csv} << torn;
  CHECK(read_rows(csv).size() == 1);  // half a row is no row
  const Outcome refused = run(quick_run(csv, "1"));
  CHECK(refused.status == 2);
  check_one_line(refused.err, {csv, "in the middle of a row", "sed -i '$d' " + csv});
  CHECK(slurp(csv) == torn);
  REQUIRE(run_program({"sed", "-i", "$d", csv}).status == 0);
  CHECK(run(quick_run(csv, "1")).status == 0);
  CHECK(count_whole_rows(csv) == 2);
}

TEST_CASE("a terminal that ends leaves what an interruption leaves, unless it was to be ignored") {
  const TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  const std::string json = folder.file("run.json");
  std::vector<std::string> arguments = as_command(quick_run(csv, "1000"));
  arguments.insert(arguments.end(), {"--json", json});
  const auto has_row = [&] { return line_count(slurp(csv)) > 1; };
  {
    Program program{arguments};
    REQUIRE(wait_until(has_row));
    program.signal(SIGHUP);  // the shell's, and the kernel's
    program.signal(SIGHUP);
    const Outcome outcome = program.wait();
    CHECK(outcome.status == 1);
    CHECK(outcome.out.find("Connection reuse: YES") != std::string::npos);
    check_one_line(outcome.err, {"interrupted after "});
    CHECK(slurp(json).find("\"interrupted\": true") != std::string::npos);
  }
  std::filesystem::remove(csv);
  std::filesystem::remove(json);
  arguments = as_command(quick_run(csv, "3"));
  arguments.insert(arguments.end(), {"--json", json});
  Program program{arguments, [] { std::signal(SIGHUP, SIG_IGN); }};
  REQUIRE(wait_until(has_row));
  program.signal(SIGHUP);
  CHECK(program.wait().status == 0);
  CHECK(slurp(json).find("\"interrupted\": false") != std::string::npos);
}

TEST_CASE("a file that cannot be what it is to be is refused before anything is measured") {
  const TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  std::filesystem::create_symlink("rows.csv", folder.file("link"));
  const std::vector<std::vector<std::string>> wrong{
      {"--csv", csv, "--json", csv},
      {"--csv", csv, "--json", folder.file("link")},
      {"--csv", csv, "--json", folder.file("./rows.csv")},
      {"--csv", "-", "--json", "/dev/stdout"},
      {"--csv", ""},
      {"--csv", csv, "--json", ""},
      {"--csv", folder.file("new/")},
      {"--csv", csv, "--json", folder.path().string()}};
  for (const std::vector<std::string>& files : wrong) {
    CAPTURE(files.back());
    std::vector<std::string> arguments{"direct", "--no-reference", "-n", "1", "-q"};
    arguments.insert(arguments.end(), files.begin(), files.end());
    const Outcome outcome = run(arguments);
    CHECK(outcome.status == 2);
    CHECK(outcome.out == "");
    check_one_line(outcome.err, {files[files.size() - 2]});
    CHECK_FALSE(std::filesystem::exists(csv));
  }
  // So are the rows and what standard output is redirected to, in a file of its own.
  const Outcome outcome =
      run_program({"sh", "-c", "exec \"$0\" direct -n 1 -q --csv \"$1\" > \"$1\"", binary(), csv});
  CHECK(outcome.status == 2);
  check_one_line(outcome.err, {csv, "standard output"});
}

TEST_CASE("JSON goes to what standard output is, and the tables to standard error") {
  const TempFolder folder;
  const std::string out = folder.file("out");
  std::vector<std::string> command{"sh", "-c", "exec \"$@\" > " + out, "sh", binary()};
  for (const char* const word :
       {"direct", "--no-reference", "-n", "5", "-b", "0", "-r", "yes", "--repeats", "1", "--budget",
        "0", "--accept-disturbed", "--warmup", "0s", "-q", "--no-save", "--json"}) {
    command.emplace_back(word);
  }
  command.emplace_back("/dev/stdout");
  const Outcome outcome = run_program(command);
  CHECK(outcome.status == 0);
  CHECK(slurp(out).starts_with("{\n"));
  CHECK(slurp(out).find("Connection reuse") == std::string::npos);
  CHECK(outcome.err.find("Connection reuse: YES") != std::string::npos);
}

TEST_CASE("a file at its size limit ends the run: whole rows, the tables, one line") {
  const TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  const Outcome outcome = run(quick_run(csv, "200"), [] {
    const rlimit limit{6000, 6000};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(126);
  });
  CHECK(outcome.status == 1);
  check_one_line(outcome.err, {csv, "File too large", "ulimit -f"});
  CHECK(outcome.out.find("Connection reuse: YES") != std::string::npos);
  CHECK(count_whole_rows(csv) >= 2);
}

// In a mount namespace of its own, which takes the disk with it.
TEST_CASE("a full disk ends the run: whole rows, the tables, one line, and nothing left") {
  const std::string enter = geteuid() == 0 ? "-m" : "-rm";
  if (run_program({"unshare", enter, "mount", "-t", "tmpfs", "none", "/mnt"}).status != 0) {
    MESSAGE("skipped: this user may not mount a small disk");
    return;
  }
  const TempFolder folder;
  const std::string csv = folder.file("disk/rows.csv");
  const std::string script =
      "mkdir disk && mount -t tmpfs -o size=8k none disk || exit 126\n"
      "\"$@\"\nstatus=$?\ncp disk/rows.csv rows.csv\nexit $status\n";
  std::vector<std::string> command{
      "unshare", enter, "sh", "-c", "cd \"$0\"; " + script, folder.path().string()};
  for (const std::string& word : as_command(quick_run(csv, "200"))) {
    command.push_back(word);
  }
  const Outcome outcome = run_program(command);
  CHECK(outcome.status == 1);
  check_one_line(outcome.err, {csv, "No space left on device", "free disk space"});
  CHECK(outcome.out.find("Connection reuse: YES") != std::string::npos);
  CHECK(count_whole_rows(folder.file("rows.csv")) >= 2);
  CHECK(wait_until([&] { return count_processes(csv) == 0; }));
}

TEST_CASE("rows whose reader goes away end the run with one line") {
  const TempFolder folder;
  const std::string first = folder.file("first");
  std::vector<std::string> command{
      "sh", "-c", "{ \"$@\"; echo $? > " + folder.file("status") + "; } | head -n 1 > " + first,
      "sh"};
  for (const std::string& word : as_command(quick_run("-", "200"))) command.push_back(word);
  const Outcome outcome = run_program(command);
  CHECK(slurp(first).starts_with("schema,method,run_id,"));
  CHECK(slurp(folder.file("status")) == "1\n");
  // The head and the tables are on stderr, where the rows are on stdout.
  CHECK(outcome.err.find("uring-bench: ended after ") != std::string::npos);
  CHECK(outcome.err.find("write to standard output: Broken pipe") != std::string::npos);
}

TEST_CASE("with stdout closed the tables do not go into the file of rows") {
  const TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  const Outcome outcome = run(quick_run(csv, "2"), [] { close(STDOUT_FILENO); });
  CHECK(outcome.status == 1);
  check_one_line(outcome.err, {"cannot write to standard output", "Bad file descriptor"});
  CHECK(count_whole_rows(csv) == 2);
}

TEST_SUITE_END();

}  // namespace urb::test
