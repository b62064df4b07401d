// A planted stall: all processes of a real server are stopped for a while again and again, under a
// load at a fixed rate. What the corrected latencies must then be follows from arithmetic.
#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <thread>

#include "load/generator.hpp"
#include "server/server.hpp"

TEST_SUITE_BEGIN("timing");

namespace {

using std::chrono::milliseconds;
using urb::Nanos;

constexpr Nanos kStall = milliseconds{200};
constexpr Nanos kPeriod = milliseconds{1000};
constexpr int kStalls = 3;
constexpr std::uint64_t kRate = 1000;

void signal_all(const urb::Server& server, int signal) {
  for (const urb::ServerProcess& process : server.processes()) kill(process.pid, signal);
}

// The first stall in the middle of the first period.
void stall_again_and_again(const urb::Server& server) {
  auto next = std::chrono::steady_clock::now() + kPeriod / 2;
  for (int count = 0; count < kStalls; ++count, next += kPeriod) {
    std::this_thread::sleep_until(next);
    signal_all(server, SIGSTOP);
    std::this_thread::sleep_for(kStall);
    signal_all(server, SIGCONT);
  }
}

}  // namespace

// Of all requests, 200 of each 1000 ms are planned during a stall and wait for the rest of it: of
// all latencies, the share of those above x is 0.2 (1 - x / 200 ms). So p90 is 100 ms, p99 190 ms,
// and the maximum 200 ms. From the send, only the requests in flight when a stall began, one a
// connection, are slow: 12 of 3000, which not even p99 shows.
TEST_CASE("stall: the latencies from the planned time show it as arithmetic says, p50 does not") {
  urb::ServerConfig config;
  config.mode = "direct";
  config.workers = 2;
  const urb::Server server{config};
  urb::LoadOptions options;
  options.target = server.address();
  options.host = "localhost";
  options.connections = 4;
  options.rate = kRate;
  options.duration = kPeriod * kStalls;
  std::thread stalls;
  urb::LoadHooks hooks;
  hooks.on_window_begin = [&] { stalls = std::thread{[&] { stall_again_and_again(server); }}; };
  const std::atomic<bool> stop{false};
  const urb::LoadResult result = run_load(options, hooks, stop);
  stalls.join();

  CHECK(result.total_errors() == 0);
  CHECK(result.requests > kRate * kStalls * 9 / 10);
  // Stalls can only be longer than planned, but for requests' spacing. Above, there is room for
  // the backlog of 200 requests and for other programs.
  CHECK(result.latency.quantile(0.90) >= milliseconds{90});
  CHECK(result.latency.quantile(0.90) <= milliseconds{160});
  CHECK(result.latency.quantile(0.99) >= milliseconds{180});
  CHECK(result.latency.quantile(0.99) <= milliseconds{280});
  CHECK(result.latency.max() >= milliseconds{198});
  CHECK(result.latency.quantile(0.50) < milliseconds{50});
  CHECK(result.service.quantile(0.50) < milliseconds{50});
  CHECK(result.service.quantile(0.90) < milliseconds{50});
}

TEST_SUITE_END();
