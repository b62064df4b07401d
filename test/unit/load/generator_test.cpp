// The generator against servers that answer: what it sends, what it counts, when it reconnects.
#include "load/generator.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include "load/client.hpp"
#include "support/process.hpp"
#include "unit/load/scripted_server.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb::test {
namespace {

LoadOptions options_for(const ScriptedServer& server, std::uint64_t requests) {
  LoadOptions options = load_on(server.address());
  options.requests = requests;
  return options;
}

/// Answers every request of a connection with `response`.
ScriptedServer::Script answer_always(std::string response) {
  return [response = std::move(response)](Peer& peer) {
    while (peer.read_request()) peer.write(response);
  };
}

}  // namespace

TEST_CASE("exactly the wanted number of requests is sent and counted") {
  std::atomic<unsigned> requests{0};
  const ScriptedServer server{[&](Peer& peer) {
    while (peer.read_request()) {
      ++requests;
      peer.write(make_response("ok"));
    }
  }};
  for (const std::uint64_t wanted : {1U, 2U, 7U, 100U}) {
    CAPTURE(wanted);
    requests = 0;
    const LoadResult result = run(options_for(server, wanted));
    CHECK(result.requests == wanted);
    CHECK(requests == wanted);
    CHECK(result.latency.count() == wanted);
    CHECK(result.errors.total() == 0);
    CHECK(result.first_error.empty());
    CHECK_FALSE(result.interrupted);
  }
}

TEST_CASE("with reuse a connection carries all of its requests") {
  const ScriptedServer server{answer_always(make_response("ok"))};
  const LoadResult result = run(options_for(server, 50));
  CHECK(result.requests == 50);
  CHECK(result.connections == 2);
  CHECK(server.connection_count() == 2);
}

TEST_CASE("without reuse each request has its own connection and announces the close") {
  std::atomic<unsigned> announced{0};
  const ScriptedServer server{[&](Peer& peer) {
    if (!peer.read_request()) return;
    if (peer.head().find("\r\nConnection: close\r\n") != std::string::npos) ++announced;
    peer.write(make_response("ok", "Connection: close\r\n"));
  }};
  LoadOptions options = options_for(server, 20);
  options.reuse = false;
  const LoadResult result = run(options);
  CHECK(result.requests == 20);
  CHECK(result.errors.total() == 0);
  CHECK(server.connection_count() == 20);
  CHECK(announced == 20);
}

TEST_CASE("a close that the server announces is no error, and leads to a new connection") {
  for (const std::string& response : {make_response("ok", "Connection: close\r\n"),
                                      std::string{"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"},
                                      std::string{"HTTP/1.1 200 OK\r\n\r\nuntil the end"}}) {
    CAPTURE(response);
    const ScriptedServer server{[&](Peer& peer) {
      if (peer.read_request()) peer.write(response);
    }};
    const LoadResult result = run(options_for(server, 10));
    CHECK(result.requests == 10);
    CHECK(result.errors.total() == 0);
    CHECK(server.connection_count() == 10);
  }
}

TEST_CASE("a server that announces a close and does not do it is left") {
  const ScriptedServer server{[&](Peer& peer) {
    if (!peer.read_request()) return;
    peer.write(make_response("ok", "Connection: close\r\n"));
    peer.read_to_end();
  }};
  const LoadResult result = run(options_for(server, 4));
  CHECK(result.requests == 4);
  CHECK(result.errors.total() == 0);
}

TEST_CASE("a body of any size arrives whole") {
  std::atomic<std::uint64_t> whole{0};
  const ScriptedServer server{[&](Peer& peer) {
    while (peer.read_request()) {
      ++whole;
      peer.write(make_response("ok"));
    }
  }};
  for (const std::uint64_t bytes : {1U, 1000U, 262144U, 262145U, 10U << 20}) {
    CAPTURE(bytes);
    whole = 0;
    LoadOptions options = options_for(server, 4);
    options.body = Bytes{bytes};
    const LoadResult result = run(options);
    CHECK(result.errors.total() == 0);
    CHECK(result.requests == 4);
    CHECK(result.body_bytes == 4 * bytes);
    CHECK(whole == 4);
  }
}

TEST_CASE("the method follows from the body, and HEAD is answered without one") {
  std::string heads;
  const ScriptedServer server{[&](Peer& peer) {
    while (peer.read_request()) {
      heads += peer.head().substr(0, peer.head().find(' ') + 1);
      const bool is_head = peer.head().starts_with("HEAD");
      peer.write(is_head ? "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" : make_response("ok"));
    }
  }};
  LoadOptions options = options_for(server, 1);
  options.connections = 1;
  CHECK(run(options).requests == 1);
  options.body = Bytes{5};
  CHECK(run(options).requests == 1);
  options.body = Bytes{0};
  options.method = "HEAD";
  options.requests = 2;
  CHECK(run(options).requests == 2);
  CHECK(heads == "GET POST HEAD HEAD ");
}

TEST_CASE("interim responses are skipped, chunked ones read to their end") {
  const ScriptedServer server{answer_always(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")};
  LoadOptions options = options_for(server, 10);
  options.expected_text = "bcd";
  const LoadResult result = run(options);
  CHECK(result.requests == 10);
  CHECK(result.connections == 2);
  CHECK(result.errors.total() == 0);
}

TEST_CASE("responses around the size of the short receive memory are read whole") {
  const std::size_t head_bytes = make_response("").size();
  for (std::size_t more = 0; more < 12; ++more) {
    CAPTURE(more);
    const std::string body(Client::kShortReceiveBytes - head_bytes - 8 + more, 'x');
    const ScriptedServer server{answer_always(make_response(body + "end"))};
    LoadOptions options = options_for(server, 4);
    const LoadResult result = run(options);
    CHECK(result.requests == 4);
    CHECK(result.errors.total() == 0);
  }
}

TEST_CASE("a response larger than the receive memory is read whole") {
  const ScriptedServer server{answer_always(make_response(std::string(1 << 20, 'x')))};
  const LoadResult result = run(options_for(server, 4));
  CHECK(result.requests == 4);
  CHECK(result.errors.total() == 0);
}

TEST_CASE("requests of the warm-up are neither counted nor recorded") {
  std::atomic<unsigned> requests{0};
  const ScriptedServer server{[&](Peer& peer) {
    while (peer.read_request()) {
      ++requests;
      peer.write(make_response("ok"));
    }
  }};
  LoadOptions options = options_for(server, 10);
  options.warmup = std::chrono::milliseconds{50};
  unsigned at_begin = 0;
  bool ended = false;
  LoadHooks hooks;
  hooks.on_window_begin = [&] { at_begin = requests; };
  hooks.on_window_end = [&] { ended = true; };
  const LoadResult result = run(options, hooks);
  CHECK(result.requests == 10);
  CHECK(result.latency.count() == 10);
  CHECK(at_begin > 0);
  CHECK(requests >= 10);
  CHECK(ended);
}

TEST_CASE("the warm-up goes on until somebody lets the window begin") {
  const ScriptedServer server{answer_always(make_response("ok"))};
  LoadOptions options = options_for(server, 20);
  options.warmup = std::chrono::milliseconds{10};
  int asked = 0;
  Nanos let_at{0};
  Nanos begun_at{0};
  LoadHooks hooks;
  hooks.may_begin_window = [&] {
    let_at = monotonic_now();
    return ++asked == 100;
  };
  hooks.on_window_begin = [&] { begun_at = monotonic_now(); };
  const std::atomic<bool> never{false};
  const Nanos start = monotonic_now();
  const LoadResult result = run_load(options, hooks, never);
  CHECK(asked == 100);
  CHECK(begun_at >= let_at);
  // 99 refusals, and no more often than every 200 us.
  CHECK(begun_at - start >= std::chrono::milliseconds{10} + 99 * Client::kGateTick);
  CHECK(result.requests == 20);
  CHECK(result.total_requests > 20);  // those of the longer warm-up count for nothing
}

TEST_CASE("the stop flag ends the run, and so does the progress hook") {
  std::atomic<bool> stop{false};
  const ScriptedServer server{[&](Peer& peer) {
    for (int i = 0; peer.read_request(); ++i) {
      peer.write(make_response("ok"));
      if (i == 20) stop = true;
    }
  }};
  LoadOptions options = options_for(server, 0);
  options.requests.reset();
  options.duration = std::chrono::hours{1};
  CHECK(run_load(options, {}, stop).interrupted);

  stop = false;
  const ScriptedServer silent{[](Peer& peer) { peer.read_to_end(); }};
  options.target = silent.address();
  LoadHooks hooks;
  hooks.on_progress = [](Nanos, std::uint64_t) { return false; };
  const LoadResult result = run_load(options, hooks, stop);
  CHECK(result.interrupted);
  CHECK(result.unfinished == 2);
}

TEST_CASE("a run leaves no descriptor behind") {
  const ScriptedServer server{[](Peer& peer) {
    // Every kind of end: answered, refused, closed, reset, silent.
    if (!peer.read_request()) return;
    switch (peer.index() % 5) {
      case 0: peer.write(make_response("ok")); break;
      case 1: peer.write(make_response("no", "", 500)); break;
      case 2: break;
      case 3: peer.reset_on_close(); break;
      default: peer.read_to_end(); break;
    }
  }};
  LoadOptions options = options_for(server, 40);
  options.request_timeout = std::chrono::milliseconds{20};
  const std::size_t open_before = open_fds(getpid());
  const LoadResult result = run(options);
  CHECK(result.requests + result.errors.total() == 40);
  CHECK(wait_until([&] { return open_fds(getpid()) == open_before; }));
}

}  // namespace urb::test
