// The main command: trials, tables, rows, and what is left when it is interrupted.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "mode/mode.hpp"
#include "row/columns.hpp"
#include "row/csv.hpp"
#include "support/process.hpp"

namespace urb::test {
namespace {

using CsvRow = std::map<std::string, std::string>;

std::vector<std::string> split(const std::string& line) {
  // No figure or name in a test's rows contains a comma or a quote.
  std::vector<std::string> cells;
  std::istringstream text{line + ","};
  for (std::string cell; std::getline(text, cell, ',');) cells.push_back(cell);
  return cells;
}

std::vector<CsvRow> read_rows(std::istream& text) {
  std::string line;
  std::getline(text, line);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  const std::vector<std::string> names = split(line);
  std::vector<CsvRow> rows;
  while (std::getline(text, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const std::vector<std::string> cells = split(line);
    REQUIRE(cells.size() == names.size());
    CsvRow row;
    for (std::size_t index = 0; index < names.size(); ++index) row[names[index]] = cells[index];
    rows.push_back(row);
  }
  return rows;
}

std::vector<CsvRow> read_rows_of(const std::string& path) {
  std::ifstream file{path};
  return read_rows(file);
}

std::string first_line_of(const std::string& path) {
  std::ifstream file{path};
  std::string line;
  std::getline(file, line);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

// What a closed loop on this machine has no value for, or does not measure yet.
const std::vector<std::string> kMayBeEmpty{
    "relay", "rate_requested", "routing_fidelity", "verified_bytes", "instructions_per_request",
    "guest", "warnings", "relay_used", "spliced_bytes", "copied_bytes", "disturbed", "url",
    "server_host", "client_host", "handshakes_per_s", "body_mix", "small_latency_us_p50",
    "small_latency_us_p99", "small_latency_us_p999",
    // Not every kernel tells.
    "kernel_config", "cpu_flags", "hz", "preemption", "irq_accounting"};

const std::vector<std::string> kShort{"-d", "200ms",  "--warmup", "50ms", "--repeats",         "2",
                                      "-b", "64k,1M", "--budget", "0",    "--accept-disturbed"};

std::vector<std::string> with(std::vector<std::string> first,
                              const std::vector<std::string>& rest) {
  first.insert(first.end(), rest.begin(), rest.end());
  return first;
}

}  // namespace

TEST_SUITE_BEGIN("e2e");

TEST_CASE("a run of all modes prints both tables and saves a whole row per trial") {
  const TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  const Outcome outcome = run(with({"all", "--csv", csv}, kShort));
  INFO(outcome.out, outcome.err);
  CHECK(outcome.status == 0);
  CHECK(outcome.out.find("Connection reuse: NO") != std::string::npos);
  CHECK(outcome.out.find("Connection reuse: YES") != std::string::npos);
  CHECK(outcome.out.find("Thruput w/ 1MB Req") != std::string::npos);

  const std::vector<CsvRow> rows = read_rows_of(csv);
  const std::size_t subjects = all_modes().size() + kRelays.size() - 1;  // passthru with each
  CHECK(rows.size() == subjects * 2 * 2 * 2);                            // bodies, reuse, repeats
  std::set<std::string> relays;
  for (const CsvRow& row : rows) {
    CAPTURE(row.at("mode"));
    CHECK(row.at("status") == "ok");
    CHECK(row.at("errors") == "0");
    CHECK(row.at("schema") == std::to_string(kSchema));
    for (const char* const name :
         {"requests", "requests_per_s", "bytes_per_s", "latency_us_p50", "latency_us_p999",
          "cpu_us_per_request_client", "cpu_us_per_request_workers", "cpu_s_per_gb_client",
          "cpu_s_per_gb_server", "context_switches_per_request", "enters_per_request",
          "sqes_per_request", "worker_imbalance"}) {
      CAPTURE(name);
      CHECK(std::stod("0" + row.at(name)) > 0);
    }
    for (const auto& [name, value] : row) {
      CAPTURE(name);
      const bool is_free =
          std::find(kMayBeEmpty.begin(), kMayBeEmpty.end(), name) != kMayBeEmpty.end();
      CHECK((is_free || !value.empty()));
    }
    // Only proxying costs the master something for each byte; only it has a data path to name.
    CHECK(row.at("relay").empty() == (row.at("mode") != "passthru"));
    relays.insert(row.at("relay"));
    // What was asked for is what ran.
    CHECK(row.at("relay_used") == row.at("relay"));
    CHECK(row.at("spliced_bytes").empty() == row.at("relay").empty());
    // RECV into registered buffers (Linux 7.2) has a name of its own.
    const bool is_same =
        row.at("buffers_used") == row.at("buffers") || row.at("buffers_used") == "registered-recv";
    CHECK_MESSAGE(is_same, row.at("buffers_used"));
    CHECK(row.at("verified_requests") == row.at("requests"));
  }
  CHECK(relays == std::set<std::string>{"", "copy", "linked", "sync"});
  CHECK(outcome.out.find("| passthru copy ") != std::string::npos);
  CHECK(first_line_of(csv) + "\n" == format_csv_record(column_names()));
  // Rows are appended.
  CHECK(run(with({"direct", "--csv", csv}, kShort)).status == 0);
  CHECK(read_rows_of(csv).size() == rows.size() + 8);
}

TEST_CASE("several modes are held against direct, unless that is not wanted") {
  const std::vector<std::string> quick{"-d", "50ms",     "--warmup", "10ms", "--repeats",
                                       "1",  "--budget", "0",        "-b",   "1k",
                                       "-r", "yes",      "--no-save"};
  const Outcome two = run(with({"cluster", "socket"}, quick));
  CHECK(two.status == 0);
  CHECK(two.out.find("| direct ") != std::string::npos);
  for (const std::vector<std::string>& modes : std::vector<std::vector<std::string>>{
           {"cluster"}, {"cluster", "socket", "--no-reference"}}) {
    const Outcome outcome = run(with(modes, quick));
    CHECK(outcome.status == 0);
    CHECK(outcome.out.find("| direct ") == std::string::npos);
  }
  CHECK(two.out.find("on Linux ") != std::string::npos);
  CHECK(two.out.find("The tool's own floor: clock ") != std::string::npos);
}

TEST_CASE("rows can go to stdout, and then nothing else does") {
  const Outcome outcome = run(with({"direct", "--csv", "-", "-r", "yes"}, kShort));
  CHECK(outcome.status == 0);
  CHECK(outcome.out.rfind("schema,method,run_id,", 0) == 0);
  std::istringstream text{outcome.out};
  CHECK(read_rows(text).size() == 4);  // two bodies, two repeats
}

TEST_CASE("a file with another header is refused and left as it was") {
  const TempFolder folder;
  const std::string csv = folder.file("other.csv");
  std::ofstream{csv} << "a,b\n1,2\n";
  const Outcome outcome = run(with({"direct", "--csv", csv}, kShort));
  CHECK(outcome.status != 0);
  CHECK(outcome.err.find("header") != std::string::npos);
  std::ifstream file{csv};
  std::ostringstream text;
  text << file.rdbuf();
  CHECK(text.str() == "a,b\n1,2\n");
}

// Interrupted after its first row: that row stays, and no process does.
TEST_CASE("Ctrl-C keeps the rows made and leaves no process") {
  const TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  Program program{{binary(), "cluster", "passthru", "--csv", csv, "-d", "300ms", "--warmup", "50ms",
                   "-b", "1M", "--repeats", "200"}};
  const auto row_count = [&csv] {
    std::ifstream file{csv};
    return std::count(std::istreambuf_iterator<char>{file}, {}, '\n');
  };
  REQUIRE(wait_until([&] { return row_count() >= 2 && process_tree(program.pid()).size() > 5; }));
  std::vector<ProcessWatch> processes;
  for (const pid_t pid : process_tree(program.pid())) processes.emplace_back(pid);
  program.signal(SIGINT);
  const Outcome outcome = program.wait();
  CHECK(outcome.status == 1);
  CHECK(outcome.err.find("interrupted after") != std::string::npos);
  CHECK(outcome.out.find("Connection reuse") != std::string::npos);
  CHECK(have_ended(processes));
  const std::vector<CsvRow> rows = read_rows_of(csv);
  CHECK(!rows.empty());
  for (const CsvRow& row : rows) CHECK(row.at("status") == "ok");
}

TEST_CASE("SIGKILL in the middle of a run leaves no process") {
  Program program{{binary(), "socket", "--no-save", "-d", "30s", "-b", "1M"}};
  REQUIRE(wait_until([&] { return process_tree(program.pid()).size() == 6; }));
  std::vector<ProcessWatch> processes;
  for (const pid_t pid : process_tree(program.pid())) processes.emplace_back(pid);
  program.signal(SIGKILL);
  CHECK(program.wait().status == 128 + SIGKILL);
  CHECK(have_ended(processes));
}

TEST_SUITE_END();

}  // namespace urb::test
