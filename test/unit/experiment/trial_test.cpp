// One trial with the real server and the real client: what its row says when all is well, when the
// server cannot start, when the server dies, and when the user stops it.
#include "experiment/trial.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "support/process.hpp"
#include "support/tcp_client.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using namespace std::chrono_literals;
using urb::Status;
using urb::TrialOutcome;

urb::TrialSpec small_trial() {
  urb::TrialSpec spec;
  spec.cell = {{"cluster"}, urb::Bytes{1000}, true};
  spec.repeat = 2;
  spec.order = 9;
  return spec;
}

urb::TrialSetup small_setup() {
  urb::TrialSetup setup;
  setup.server.workers = 2;
  setup.load.connections = 2;
  setup.load.warmup = 5ms;
  setup.load.requests = 50;
  return setup;
}

bool has_children() { return waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD; }

pid_t first_child(pid_t parent) {
  const std::string number = std::to_string(parent);
  std::ifstream children("/proc/" + number + "/task/" + number + "/children");
  pid_t pid = 0;
  children >> pid;
  return pid;
}
// The one child of this process: the master of the running server.
pid_t find_master() { return first_child(getpid()); }

// A port that was free a moment ago.
urb::Address free_address() {
  const urb::Fd probe{urb::Adopt{}, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const urb::Address any = urb::Address::loopback(0);
  REQUIRE(bind(probe.get(), any.raw(), any.raw_bytes()) == 0);
  return urb::Address::of_socket(probe.get());
}

}  // namespace

TEST_CASE("trial: a clean one has all figures of this version and leaves no process") {
  const std::atomic<bool> stop{false};
  const TrialOutcome outcome = run_trial(small_setup(), small_trial(), {}, stop);
  const urb::Row& row = outcome.row;
  CHECK(row.warnings == "");
  REQUIRE(row.status == Status::ok);
  CHECK_FALSE(outcome.interrupted);
  CHECK(row.mode == "cluster");
  CHECK(row.relay == "");
  CHECK(row.body_bytes == 1000);
  CHECK(row.repeat == 2);
  CHECK(row.trial_order == 9);
  CHECK(*row.requests == 50);
  CHECK(*row.errors == 0);
  CHECK(outcome.latency.count() == 50);
  CHECK(*row.requests_per_s > 0);
  CHECK(*row.cpu_us_per_request_client > 0);
  CHECK(*row.sqes_per_request > 0);
  CHECK(*row.verified_bytes == 2 * 1000);  // one request of each connection
  CHECK(*row.verified_requests == 50);
  CHECK(*row.missing_closes == 0);
  CHECK(row.buffers_used.starts_with("registered"));
  CHECK(*row.heads_by_master == 0);
  CHECK_FALSE(row.routing_fidelity.has_value());
  CHECK(*row.worker_imbalance >= 1);
  CHECK(row.bottleneck != "");
  CHECK(*row.context_switches_per_request > 0);
  CHECK_FALSE(has_children());
}

TEST_CASE(
    "trial: with verification of all, every body's checksum comes back, whatever the answer is") {
  for (const std::uint64_t response_bytes : {0U, 3000U}) {
    urb::TrialSetup setup = small_setup();
    setup.server.response_bytes = urb::Bytes{response_bytes};
    setup.load.verify = urb::Verify::all;
    const std::atomic<bool> stop{false};
    const TrialOutcome outcome = run_trial(setup, small_trial(), {}, stop);
    CHECK(outcome.row.warnings == "");
    REQUIRE(outcome.row.status == Status::ok);
    CHECK(*outcome.row.verified_bytes >= (2 + 50) * 1000);
  }
}

TEST_CASE("trial: a server that cannot start gives a row with the reason and no figures") {
  // Some other socket has the port.
  const urb::Fd blocker{urb::Adopt{}, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const urb::Address any = urb::Address::loopback(0);
  REQUIRE(bind(blocker.get(), any.raw(), any.raw_bytes()) == 0);
  REQUIRE(listen(blocker.get(), 1) == 0);
  urb::TrialSetup setup = small_setup();
  setup.server.listen = urb::Address::of_socket(blocker.get());

  const std::atomic<bool> stop{false};
  const TrialOutcome outcome = run_trial(setup, small_trial(), {}, stop);
  CHECK(outcome.row.status == Status::failed);
  CHECK(outcome.row.warnings.find("bind") != std::string::npos);
  CHECK_FALSE(outcome.row.requests.has_value());
  CHECK_FALSE(outcome.row.duration_s.has_value());
  CHECK_FALSE(has_children());
}

TEST_CASE("trial: the death of the server is the reason, not the errors it causes") {
  urb::TrialSetup setup = small_setup();
  setup.load.requests.reset();
  setup.load.duration = 30s;  // ended by the death
  bool is_killed = false;
  const urb::TrialProgress kill_master = [&](urb::Nanos, std::uint64_t requests) {
    if (is_killed || requests == 0) return;
    is_killed = true;
    REQUIRE(kill(find_master(), SIGKILL) == 0);
  };
  const std::atomic<bool> stop{false};
  const TrialOutcome outcome = run_trial(setup, small_trial(), kill_master, stop);
  CHECK(is_killed);
  CHECK(outcome.row.status == Status::failed);
  CHECK(outcome.row.warnings.find("during the trial") != std::string::npos);
  CHECK_FALSE(outcome.row.requests_per_s.has_value());
}

TEST_CASE("trial: a worker that dies fails it, though it is replaced") {
  for (const char* const mode : {"direct", "cluster", "socket", "passthru"}) {
    CAPTURE(mode);
    urb::TrialSetup setup = small_setup();
    setup.load.requests.reset();
    setup.load.duration = 30s;  // ended by the death
    urb::TrialSpec spec = small_trial();
    spec.cell.mode = mode;
    bool is_killed = false;
    const urb::TrialProgress kill_worker = [&](urb::Nanos, std::uint64_t requests) {
      if (is_killed || requests == 0) return;
      is_killed = true;
      REQUIRE(kill(first_child(find_master()), SIGKILL) == 0);
    };
    const std::atomic<bool> stop{false};
    const TrialOutcome outcome = run_trial(setup, spec, kill_worker, stop);
    CHECK(is_killed);
    CHECK(outcome.row.status == Status::failed);
    CHECK(outcome.row.warnings.find("was killed by signal 9 (Killed) during the trial") !=
          std::string::npos);
    CHECK_FALSE(outcome.row.requests.has_value());
    CHECK_FALSE(has_children());
  }
}

TEST_CASE("trial: a request that the client does not know of fails it") {
  urb::TrialSetup setup = small_setup();
  setup.load.requests.reset();
  setup.load.duration = 300ms;
  setup.server.listen = free_address();
  bool is_sent = false;
  // Somebody else uses the server, once.
  const urb::TrialProgress intrude = [&](urb::Nanos, std::uint64_t) {
    if (std::exchange(is_sent, true)) return;
    urb::test::TcpClient other{setup.server.listen};
    other.send("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    CHECK(other.read_response().status == 200);
  };
  const std::atomic<bool> stop{false};
  const TrialOutcome outcome = run_trial(setup, small_trial(), intrude, stop);
  CHECK(is_sent);
  CHECK(outcome.row.status == Status::failed);
  CHECK(outcome.row.warnings.find("requests, the workers") != std::string::npos);
  CHECK_FALSE(outcome.row.requests_per_s.has_value());
}

TEST_CASE("trial: ab as the client fills what it knows, and its ledger is compared too") {
  if (!urb::test::is_on_path("ab")) return;
  const std::atomic<bool> stop{false};
  urb::TrialSetup setup = small_setup();
  setup.client = urb::ClientKind::ab;
  setup.load.warmup = 20ms;
  setup.load.requests = 200;
  const TrialOutcome exact = run_trial(setup, small_trial(), {}, stop);
  CHECK(exact.row.warnings == "");
  REQUIRE(exact.row.status == Status::ok);
  CHECK(*exact.row.requests == 200);
  CHECK(*exact.row.latency_us_p50 > 0);
  CHECK(*exact.row.latency_us_max >= *exact.row.latency_us_p99);
  CHECK(*exact.row.cpu_us_per_request_client > 0);
  CHECK_FALSE(exact.row.latency_us_p999.has_value());
  CHECK_FALSE(exact.row.service_us_p50.has_value());
  CHECK_FALSE(has_children());

  setup.load.requests.reset();
  setup.load.duration = 1s;
  const TrialOutcome timed = run_trial(setup, small_trial(), {}, stop);
  CHECK(timed.row.warnings == "");
  REQUIRE(timed.row.status == Status::ok);
  CHECK(*timed.row.duration_s >= 1);
}

TEST_CASE("trial: a stop ends it early, without a row and without a process") {
  urb::TrialSetup setup = small_setup();
  setup.load.requests.reset();
  setup.load.duration = 30s;  // ended by the stop
  std::atomic<bool> stop{false};
  const urb::TrialProgress request_stop = [&](urb::Nanos, std::uint64_t) { stop = true; };
  const TrialOutcome outcome = run_trial(setup, small_trial(), request_stop, stop);
  CHECK(outcome.interrupted);
  CHECK_FALSE(has_children());
}

TEST_CASE("trial: a mode that does not exist is the caller's mistake") {
  urb::TrialSpec spec = small_trial();
  spec.cell.mode = "none";
  const std::atomic<bool> stop{false};
  CHECK_THROWS_AS((void)run_trial(small_setup(), spec, {}, stop), urb::UsageError);
}

TEST_CASE("trial: the expected text tells byte counts apart that begin alike") {
  const std::string response = R"({"mode":"socket","worker":2,"pid":4711,"bytes":100})";
  CHECK(response.find(urb::expected_text_for(urb::Bytes{100}, urb::Bytes{0})) != std::string::npos);
  CHECK(response.find(urb::expected_text_for(urb::Bytes{10}, urb::Bytes{0})) == std::string::npos);
  CHECK(response.find(urb::expected_text_for(urb::Bytes{1}, urb::Bytes{0})) == std::string::npos);
  CHECK(urb::expected_text_for(urb::Bytes{100}, urb::Bytes{5}).empty());
  const std::string checked =
      R"({"mode":"socket","worker":2,"pid":4711,"bytes":100,"crc32c":"00000000"})";
  CHECK(checked.find(urb::expected_text_for(urb::Bytes{100}, {}, true)) != std::string::npos);
  CHECK(checked.find(urb::expected_text_for(urb::Bytes{10}, {}, true)) == std::string::npos);
}

TEST_CASE("trial: times are UTC with milliseconds") {
  const std::string now = urb::format_utc_now();
  CHECK(now.size() == std::string{"2025-11-23T13:05:59.123Z"}.size());
  CHECK(now[10] == 'T');
  CHECK(now.back() == 'Z');
}

TEST_SUITE_END();
