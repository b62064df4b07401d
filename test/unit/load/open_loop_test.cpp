// The open loop against a scripted server: nothing is dropped while time is left, and waiting for
// the server counts although nothing was sent meanwhile.
#include <doctest/doctest.h>

#include <thread>

#include "base/error.hpp"
#include "unit/load/scripted_server.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb::test {
namespace {

using std::chrono::milliseconds;

LoadOptions options_for(const ScriptedServer& server, std::uint64_t rate) {
  LoadOptions options = load_on(server.address());
  options.rate = rate;
  return options;
}

void answer_all(Peer& peer) {
  while (peer.read_request()) peer.write(make_response("ok"));
}

}  // namespace

TEST_CASE("open loop: every request that was planned is answered or missed") {
  const ScriptedServer server{answer_all};
  LoadOptions options = options_for(server, 500);
  options.duration = milliseconds{200};
  const LoadResult result = run(options);
  CHECK(result.total_errors() == 0);
  const double planned = 500 * std::chrono::duration<double>(result.elapsed).count();
  CHECK(static_cast<double>(result.requests + result.missed) >= planned - 1);
  CHECK(static_cast<double>(result.requests + result.missed) <= planned + 1);
  CHECK(result.latency.count() == result.requests);
  CHECK(result.service.count() == result.requests);
  CHECK(result.latency.max() >= result.service.max());
  CHECK(result.lateness.count() > 0);
}

TEST_CASE("open loop: the closed loop has no service times of its own, and misses nothing") {
  const ScriptedServer server{answer_all};
  LoadOptions options = options_for(server, 1);
  options.rate.reset();
  options.requests = 20;
  const LoadResult result = run(options);
  CHECK(result.latency.count() == 20);
  CHECK(result.service.count() == 0);
  CHECK(result.lateness.count() == 0);
  CHECK(result.missed == 0);
}

TEST_CASE("open loop: requests that a slow answer keeps from being sent wait at its expense") {
  // One connection, a request each 10 ms, the first of which takes 100 ms: the one planned after
  // 10 ms waits for 90 ms, the next for 80 ms … Slower machines only make them wait longer.
  const ScriptedServer server{[](Peer& peer) {
    for (int count = 0; peer.read_request(); ++count) {
      if (count == 0) std::this_thread::sleep_for(milliseconds{100});
      peer.write(make_response("ok"));
    }
  }};
  LoadOptions options = options_for(server, 100);
  options.connections = 1;
  options.requests = 20;
  const LoadResult result = run(options);
  CHECK(result.requests == 20);
  CHECK(result.latency.max() >= milliseconds{100});
  // Six of 20 waited 50 ms or longer: the 15th is among them, whose rank is 0.75.
  CHECK(result.latency.quantile(0.75) >= milliseconds{50});
  CHECK(result.service.max() >= milliseconds{100});
  CHECK(result.service.quantile(0.75) < result.latency.quantile(0.75));
}

TEST_CASE("open loop: what no connection was free for is unsent") {
  std::atomic<bool> is_over{false};
  const ScriptedServer server{[&](Peer& peer) {
    while (peer.read_request()) {
      while (!is_over) std::this_thread::yield();
      peer.write(make_response("ok"));
    }
  }};
  LoadOptions options = options_for(server, 1000);
  options.duration = milliseconds{50};
  LoadHooks hooks;
  hooks.on_window_end = [&] { is_over = true; };
  const LoadResult result = run(options, hooks);
  CHECK(result.requests == 0);
  CHECK(result.missed == result.unsent + 2);  // the connections' own
  CHECK(result.unsent >= 48);
  CHECK(result.total_requests == 2);
}

TEST_CASE("open loop: without reuse, too, each connection takes the next that is due") {
  const ScriptedServer server{[](Peer& peer) {
    if (peer.read_request()) peer.write(make_response("ok", "Connection: close\r\n"));
  }};
  LoadOptions options = options_for(server, 1000);
  options.reuse = false;
  options.requests = 30;
  const LoadResult result = run(options);
  CHECK(result.requests == 30);
  CHECK(result.total_errors() == 0);
  CHECK(server.connection_count() == 30);
}

TEST_CASE("open loop: a connection that the server closes while it is idle is replaced") {
  const ScriptedServer server{[](Peer& peer) {
    if (peer.read_request()) peer.write(make_response("ok"));
  }};
  // Half a second until the next: a machine that is slower than that sees a close too late.
  LoadOptions options = options_for(server, 2);
  options.requests = 4;
  const LoadResult result = run(options);
  CHECK(result.first_error == "");
  CHECK(result.requests == 4);
  CHECK(result.idle_closes >= 2);
  CHECK(server.connection_count() == 4);
}

TEST_CASE("open loop: bytes on an idle connection are an error of their own") {
  std::atomic<bool> is_next{false};
  const ScriptedServer server{[&](Peer& peer) {
    if (!peer.read_request()) return;
    if (peer.index() != 0) is_next = true;
    peer.write(make_response("ok"));
    if (peer.index() != 0) return answer_all(peer);
    // The other connection's request comes when this one's answer has long been read.
    while (!is_next) std::this_thread::yield();
    peer.write(make_response("late", "Connection: close\r\n", 408));
    peer.read_to_end();
  }};
  LoadOptions options = options_for(server, 20);
  options.requests = 4;
  const LoadResult result = run(options);
  CHECK(result.errors.framing == 1);
  CHECK(result.errors.total() == 1);
  CHECK(result.first_error == "bytes from the server that no request had asked for");
  CHECK(result.requests == 4);
}

TEST_CASE("open loop: a rate of nothing is refused") {
  const ScriptedServer server{answer_all};
  CHECK_THROWS_AS((void)run(options_for(server, 0)), UsageError);
}

}  // namespace urb::test
