// The end of a load: what is in flight then ends or is given up, and the ledger knows which.
#include <doctest/doctest.h>

#include <thread>

#include "unit/load/scripted_server.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb::test {

TEST_CASE("what does not end in time after the run is unfinished, and no error") {
  const ScriptedServer server{[](Peer& peer) { peer.read_to_end(); }};
  LoadOptions options = load_on(server.address());
  options.duration = std::chrono::milliseconds{30};
  options.drain_timeout = std::chrono::milliseconds{30};
  options.body = Bytes{10 << 20};
  const LoadResult result = run(options);
  CHECK(result.requests == 0);
  CHECK(result.total_requests == 0);
  CHECK(result.unfinished == 2);
  CHECK(result.errors.total() == 0);
  CHECK(result.elapsed >= options.duration);
  CHECK_FALSE(result.interrupted);
}

TEST_CASE("what is in flight at the end of the measured time ends, and is in the totals only") {
  // Holds every answer back until the measured time is over.
  std::atomic<bool> is_over{false};
  std::atomic<unsigned> answered{0};
  const ScriptedServer server{[&](Peer& peer) {
    while (peer.read_request()) {
      while (!is_over) std::this_thread::yield();
      ++answered;
      peer.write(make_response("ok"));
    }
  }};
  LoadOptions options = load_on(server.address());
  options.duration = std::chrono::milliseconds{30};
  options.body = Bytes{1000};
  LoadHooks hooks;
  hooks.on_window_end = [&] { is_over = true; };
  const LoadResult result = run(options, hooks);
  CHECK(result.requests == 0);
  CHECK(result.body_bytes == 0);
  CHECK(result.latency.count() == 0);
  CHECK(result.total_requests == 2);
  CHECK(result.total_body_bytes == 2000);
  CHECK(result.unfinished == 0);
  CHECK(result.total_errors() == 0);
  CHECK(answered == 2);
}

TEST_CASE("client and server count the same requests, however the run ends") {
  for (const bool reuse : {true, false}) {
    for (const bool by_time : {true, false}) {
      CAPTURE(reuse);
      CAPTURE(by_time);
      std::atomic<unsigned> answered{0};
      const ScriptedServer server{[&](Peer& peer) {
        while (peer.read_request()) {
          ++answered;
          peer.write(make_response("ok"));
          if (!reuse) return;
        }
      }};
      LoadOptions options = load_on(server.address());
      options.reuse = reuse;
      options.connections = 5;
      options.warmup = std::chrono::milliseconds{10};
      options.duration = std::chrono::milliseconds{20};
      options.requests = by_time ? std::nullopt : std::optional<std::uint64_t>{50};
      const LoadResult result = run(options);
      CHECK(result.total_errors() == 0);
      CHECK(result.unfinished == 0);
      CHECK(result.total_requests == answered);
      CHECK(result.total_requests >= result.requests);
    }
  }
}

TEST_CASE("a request that fails after the measured time is an error, too") {
  std::atomic<bool> is_over{false};
  const ScriptedServer server{[&](Peer& peer) {
    if (!peer.read_request()) return;
    while (!is_over) std::this_thread::yield();
  }};
  LoadOptions options = load_on(server.address());
  options.duration = std::chrono::milliseconds{10};
  LoadHooks hooks;
  hooks.on_window_end = [&] { is_over = true; };
  const LoadResult result = run(options, hooks);
  CHECK(result.errors.io == 2);
  CHECK(result.unfinished == 0);
}

}  // namespace urb::test
