// How long a run goes on, and `load` with the servers that it measures by turns.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "row/row_reader.hpp"
#include "support/temp_folder.hpp"

namespace urb::test {
namespace {

std::vector<Row> rows_of(const std::string& path) { return read_rows(path); }

// Trials of some 50 ms, which may be disturbed.
std::vector<std::string> quick(std::vector<std::string> arguments) {
  for (const char* const word : {"-b", "0", "-r", "yes", "-c", "2", "-d", "20ms", "--warmup", "5ms",
                                 "--accept-disturbed", "-q"}) {
    arguments.emplace_back(word);
  }
  return arguments;
}

nlohmann::json json_of(const std::string& path) {
  std::ifstream file{path};
  return nlohmann::json::parse(file);
}

TEST_SUITE_BEGIN("e2e");

TEST_CASE("a run ends with its first repeats when they are precise enough") {
  const TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  // Five trials are within a factor of two, but for a hiccup: then there are some more.
  const Outcome outcome =
      run(quick({"direct", "-w", "1", "--precision", "100%", "--budget", "8s", "--csv", csv}));
  CHECK_MESSAGE(outcome.status == 0, outcome.err);
  CHECK(outcome.out.find("0B reuse: precise to ±") != std::string::npos);
  const std::vector<Row> rows = rows_of(csv);
  CHECK(rows.size() >= 5);
  CHECK(rows.size() < 40);
}

TEST_CASE("a run ends with its budget when that precision is not to be had") {
  const TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  const std::string json = folder.file("run.json");
  // A round of four processes takes a second where others use the CPUs.
  const Outcome outcome = run(quick({"direct", "cluster", "-w", "1", "--precision", "0.0001",
                                     "--budget", "4s", "--csv", csv, "--json", json}));
  CHECK_MESSAGE(outcome.status == 0, outcome.err);
  CHECK(outcome.out.find("--budget or --duration was not enough") != std::string::npos);
  const std::vector<Row> rows = rows_of(csv);
  CHECK(rows.size() > 10);
  CHECK(rows.size() % 2 == 0);  // whole rounds
  CHECK(rows.back().repeat == rows.size() / 2);
  const nlohmann::json rounds = json_of(json)["rounds"];
  CHECK(rounds["budget_s"] == 4);
  CHECK(rounds["beyond_repeats_s"] > 0);
  CHECK(rounds["groups"][0]["reached"] == false);
  CHECK(rounds["groups"][0]["rounds"] == rows.size() / 2);
}

TEST_CASE("load measures two servers by turns, and says which is ahead") {
  const TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  const Serve first{{"direct", "-w", "1"}};
  const Serve second{{"socket", "-w", "1"}};
  const Outcome outcome = run(quick({"load", first.url(), second.url() + "?token=s3", "--repeats",
                                     "5", "--budget", "0", "--seed", "2", "--csv", csv}));
  CHECK_MESSAGE(outcome.status == 0, outcome.err);
  CHECK(outcome.out.find("by the first's |") != std::string::npos);
  CHECK(outcome.out.find("0B reuse: ") != std::string::npos);
  const std::vector<Row> rows = rows_of(csv);
  REQUIRE(rows.size() == 10);
  std::set<std::string> orders;
  for (std::size_t round = 0; round < 5; ++round) {
    const Row& one = rows[2 * round];
    const Row& other = rows[2 * round + 1];
    CHECK(one.mode == "load");
    CHECK(one.status == Status::ok);
    CHECK(one.repeat == round + 1);
    CHECK(other.repeat == round + 1);
    CHECK(one.run_id == other.run_id);
    CHECK(std::set<std::string>{one.url, other.url} ==
          std::set<std::string>{first.url(), second.url() + "?token=(hidden)"});
    orders.insert(one.url);
  }
  CHECK(orders.size() == 2);  // neither always begins
  // The files are like those of runs.
  const Outcome report = run({"report", csv});
  CHECK_MESSAGE(report.status == 0, report.err);
  CHECK(report.out.find("| " + first.url() + " ") != std::string::npos);
  CHECK(run(quick({"load", first.url(), first.url()})).status == 2);
  CHECK(run(quick({"load", first.url(), second.url(), "--server-pid", "1"})).status == 2);
}

TEST_CASE("load measures once, and goes on only when it is asked to") {
  const TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  const Serve serve{{"direct", "-w", "1"}};
  const Outcome once = run(quick({"load", serve.url(), "--budget", "2s", "--csv", csv}));
  CHECK_MESSAGE(once.status == 0, once.err);
  CHECK(rows_of(csv).size() == 1);
  CHECK(once.out.find("round") == std::string::npos);
  const Outcome precise =
      run(quick({"load", serve.url(), "--precision", "100", "--budget", "8s", "--csv", csv}));
  CHECK_MESSAGE(precise.status == 0, precise.err);
  CHECK(rows_of(csv).size() >= 6);
}

// The first name in /etc/hosts for an address of the loopback device, but for localhost.
std::string find_loopback_name() {
  std::ifstream file{"/etc/hosts"};
  for (std::string line; std::getline(file, line);) {
    std::istringstream words{line.substr(0, line.find('#'))};
    std::string address;
    words >> address;
    for (std::string name; words >> name;) {
      if (address == "127.0.0.1" && name.find("localhost") == std::string::npos) return name;
    }
  }
  return {};
}

TEST_CASE("load looks a name up, says what it found, and measures that") {
  const Serve serve{{"direct", "-w", "1"}};
  const std::string name = find_loopback_name();
  if (name.empty()) {
    MESSAGE("skipped: /etc/hosts has no further name for 127.0.0.1");
  } else {
    const Outcome outcome = run(quick({"load", "http://" + name + ":" + serve.port() + "/"}));
    CHECK_MESSAGE(outcome.status == 0, outcome.err);
    CHECK(outcome.err.find(name + " is 127.0.0.1:" + serve.port()) != std::string::npos);
    // A port where nothing listens is no address that accepts.
    const Outcome closed = run(quick({"load", "http://" + name + ":1/"}));
    CHECK(closed.status == 1);
    CHECK(closed.err.find(name + " accepts no connection (127.0.0.1:1: ") != std::string::npos);
  }
  const Outcome unknown = run(quick({"load", "http://there-is-no-such-host.invalid/"}));
  CHECK(unknown.status == 1);
  CHECK(unknown.err.find("there-is-no-such-host.invalid: ") != std::string::npos);
  CHECK(std::count(unknown.err.begin(), unknown.err.end(), '\n') == 1);
}

TEST_CASE("load takes an IPv6 address") {
  Serve serve{{"direct", "-w", "1"}};
  const std::string url = "http://[::1]:" + serve.port() + "/";
  // Nobody listens there: the address is understood, and what happens is told.
  const Outcome nobody = run(quick({"load", url}));
  CHECK(nobody.status == 1);
  CHECK(nobody.err.find("[::1]:" + serve.port()) != std::string::npos);
  const Program six{{binary(), "serve", "direct", "-w", "1", "-l", "[::1]:0"}};
  const bool is_there =
      wait_until([&six] { return six.out().find('(') != std::string::npos || !six.err().empty(); });
  if (!is_there || six.out().empty()) {
    MESSAGE("skipped: no IPv6 here");
    return;
  }
  const std::string line = six.out();
  const std::size_t begin = line.find('[');
  const Outcome outcome =
      run(quick({"load", "http://" + line.substr(begin, line.find(' ', begin) - begin) + "/"}));
  CHECK_MESSAGE(outcome.status == 0, outcome.err);
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb::test
