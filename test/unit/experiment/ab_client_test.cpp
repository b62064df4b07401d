// ApacheBench as a client: its report and percentiles as it prints them, and a real run.
#include "experiment/ab_client.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "server/server.hpp"
#include "support/process.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using namespace std::chrono_literals;

constexpr const char* kReport = R"(Document Path:          /
Document Length:        54 bytes

Concurrency Level:      4
Time taken for tests:   0.25 seconds
Complete requests:      2000
Failed requests:        7
   (Connect: 1, Receive: 0, Length: 4, Exceptions: 2)
Non-2xx responses:      3
Total transferred:      398000 bytes
)";

urb::LoadOptions options_for(const urb::Server& server) {
  urb::LoadOptions options;
  options.target = server.address();
  options.connections = 2;
  options.body = urb::Bytes{1000};
  options.requests = 200;
  return options;
}

urb::ServerConfig small_server() {
  urb::ServerConfig config;
  config.mode = "cluster";
  config.workers = 2;
  return config;
}

}  // namespace

TEST_CASE("ab: its report, without what it calls failed for the length of the answer") {
  const auto parsed = urb::parse_ab_report(kReport);
  REQUIRE(std::holds_alternative<urb::AbReport>(parsed));
  const auto& report = std::get<urb::AbReport>(parsed);
  CHECK(report.requests == 2000);
  CHECK(report.failed == 3);
  CHECK(report.not_2xx == 3);
  CHECK(report.elapsed == 250ms);
  for (const char* const text : {"", "Complete requests: 5\n", "apr_socket_connect(): refused"}) {
    CAPTURE(text);
    CHECK(std::holds_alternative<urb::ParseError>(urb::parse_ab_report(text)));
  }
}

TEST_CASE("ab: its reason is its own line, its library's, or the last") {
  CHECK(urb::find_ab_reason("ab: wrong number of arguments\nUsage: ab [options]\n    -h  Help\n") ==
        "ab: wrong number of arguments");
  CHECK(urb::find_ab_reason("This is ApacheBench\napr_socket_connect(): Connection refused (111)\n"
                            "Total of 12 requests completed\n\n") ==
        "apr_socket_connect(): Connection refused (111)");
  CHECK(urb::find_ab_reason("one\n  two\n \n") == "  two");
  CHECK(urb::find_ab_reason("") == "");
}

TEST_CASE("ab: what it refuses comes back in its own words") {
  if (!urb::test::is_on_path("ab")) return;
  const urb::Server server{small_server()};
  urb::LoadOptions options = options_for(server);
  options.requests = 1;  // fewer than connections
  const urb::AbResult result = run_ab(options, [] { return true; });
  CHECK(result.problem.find(": ab: ") != std::string::npos);
  CHECK(result.problem.find("concurrency") != std::string::npos);
}

TEST_CASE("ab: percentiles are milliseconds with three decimals, and may be missing") {
  const urb::AbLatency latency = urb::parse_ab_percentiles(
      "Percentage served,Time in ms\n0,0.020\n50,0.075\n90,0.100\n99,1.171\n100,4.105\n");
  CHECK(*latency.p50_us == doctest::Approx(75));
  CHECK(*latency.p90_us == doctest::Approx(100));
  CHECK(*latency.p99_us == doctest::Approx(1171));
  CHECK(*latency.max_us == doctest::Approx(4105));
  CHECK_FALSE(urb::parse_ab_percentiles("99,950310000000000.000\n100,0.3\n").p99_us.has_value());
  CHECK_FALSE(urb::parse_ab_percentiles("").p50_us.has_value());
  CHECK_FALSE(urb::parse_ab_percentiles("Percentage served,Time in ms\n99,\n").p99_us.has_value());
}

TEST_CASE("ab: a real run makes exactly the requests asked for, and its CPU time is known") {
  if (!urb::test::is_on_path("ab")) return;
  const urb::Server server{small_server()};
  for (const bool reuse : {false, true}) {
    CAPTURE(reuse);
    urb::LoadOptions options = options_for(server);
    options.reuse = reuse;
    std::uint64_t before = 0;
    for (const urb::ServerProcess& process : server.processes()) {
      before += process.counters->requests.get();
    }
    const urb::AbResult result = urb::run_ab(options, [] { return true; });
    CHECK(result.problem == "");
    CHECK(result.report.requests == 200);
    CHECK(result.report.failed == 0);
    CHECK(*result.latency.p50_us > 0);
    CHECK(result.cpu.total > urb::Nanos{0});
    std::uint64_t after = 0;
    for (const urb::ServerProcess& process : server.processes()) {
      after += process.counters->requests.get();
    }
    CHECK(after - before == 200);
  }
}

TEST_CASE("ab: no server is a problem in ab's own words; a stop ends it") {
  if (!urb::test::is_on_path("ab")) return;
  urb::LoadOptions options;
  {
    const urb::Server server{small_server()};
    options = options_for(server);
    urb::LoadOptions endless = options;
    endless.requests.reset();
    endless.duration = 60s;
    const urb::AbResult result = urb::run_ab(endless, [] { return false; });
    CHECK(result.interrupted);
  }
  const urb::AbResult result = urb::run_ab(options, [] { return true; });
  CHECK(result.problem.find("ab ended with status") != std::string::npos);
}

TEST_SUITE_END();
