// The generator against servers that fail: each failure under its own name, none in the latencies,
// and the run goes on.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <thread>

#include "base/error.hpp"
#include "support/deadline.hpp"
#include "unit/load/scripted_server.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb::test {
namespace {

constexpr std::uint64_t kRequests = 6;

LoadOptions options_for(const Address& target) {
  LoadOptions options = load_on(target);
  options.requests = kRequests;
  return options;
}

LoadResult run_against(ScriptedServer::Script script, Bytes body = Bytes{0}) {
  const ScriptedServer server{std::move(script)};
  LoadOptions options = options_for(server.address());
  options.body = body;
  return run(options);
}

/// Every request failed, and all of them by this cause.
void check_all_failed(const LoadResult& result, std::uint64_t LoadErrors::*cause) {
  CHECK(result.errors.*cause == kRequests);
  CHECK(result.errors.total() == kRequests);
  CHECK(result.requests == 0);
  CHECK(result.latency.count() == 0);
  CHECK_FALSE(result.first_error.empty());
}

ScriptedServer::Script answer_once(std::string response) {
  return [response = std::move(response)](Peer& peer) {
    if (peer.read_request()) peer.write(response);
  };
}

}  // namespace

TEST_CASE("a status other than 2xx is a status error and does not cost the connection") {
  const ScriptedServer server{[](Peer& peer) {
    while (peer.read_request()) peer.write(make_response("no", "", 500));
  }};
  const LoadResult result = run(options_for(server.address()));
  check_all_failed(result, &LoadErrors::status);
  CHECK(result.first_error == "status 500");
  CHECK(server.connection_count() == 2);
}

TEST_CASE("a refusal in the middle of the upload is noticed while the server reads nothing more") {
  const auto refuse = [](Peer& peer) {
    if (!peer.read_head()) return;
    peer.write(make_response("too large", "Connection: close\r\n", 413));
    peer.read_to_end();
  };
  check_all_failed(run_against(refuse, Bytes{64 << 20}), &LoadErrors::status);
}

TEST_CASE("a refusal followed by a reset is still a refusal") {
  const auto refuse = [](Peer& peer) {
    if (!peer.read_head()) return;
    peer.write(make_response("too large", "Connection: close\r\n", 413));
    // Closing with unread bytes resets the connection.
  };
  const LoadResult result = run_against(refuse, Bytes{8 << 20});
  // A reset may overtake the response in the kernel, so some of them can be seen as io.
  CHECK(result.errors.status + result.errors.io == kRequests);
  CHECK(result.errors.total() == kRequests);
}

TEST_CASE("a success that comes before the whole body was sent waits for the rest") {
  std::atomic<unsigned> whole{0};
  const auto hasty = [&](Peer& peer) {
    while (peer.read_head()) {
      peer.write(make_response("ok"));
      if (peer.read_body()) ++whole;
    }
  };
  const ScriptedServer server{hasty};
  LoadOptions options = options_for(server.address());
  options.body = Bytes{8 << 20};
  options.connections = 1;
  options.requests = 1;
  const LoadResult result = run(options);
  CHECK(result.requests == 1);
  CHECK(result.errors.total() == 0);
  CHECK(wait_until([&] { return whole == 1; }));
}

TEST_CASE("a close before the response is an io error") {
  const LoadResult result = run_against([](Peer& peer) {
    const bool read = peer.read_request();
    static_cast<void>(read);
  });
  check_all_failed(result, &LoadErrors::io);
  CHECK(result.first_error == "connection closed before the response");
}

TEST_CASE("a close in the middle of a response is an io error") {
  check_all_failed(run_against(answer_once("HTTP/1.1 200 OK\r\nContent-Le")), &LoadErrors::io);
  check_all_failed(run_against(answer_once("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")),
                   &LoadErrors::io);
  check_all_failed(run_against(answer_once(
                       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")),
                   &LoadErrors::io);
}

TEST_CASE("a reset is an io error") {
  const LoadResult result = run_against([](Peer& peer) {
    const bool read = peer.read_request();
    static_cast<void>(read);
    peer.reset_on_close();
  });
  check_all_failed(result, &LoadErrors::io);
}

TEST_CASE("a close between requests that was not announced is an io error of the next request") {
  const ScriptedServer server{[](Peer& peer) {
    if (!peer.read_request()) return;
    peer.write(make_response("ok"));
  }};
  LoadOptions options = options_for(server.address());
  options.connections = 1;
  const LoadResult result = run(options);
  CHECK(result.requests == 3);
  CHECK(result.errors.io == 3);
}

TEST_CASE("a close of a connection that has no request left is no error") {
  std::atomic<bool> is_closed{false};
  const ScriptedServer server{[&](Peer& peer) {
    if (!peer.read_request()) return;
    // The last answer waits for the other connection's end, and for the client to see it.
    while (peer.index() != 0 && !is_closed) std::this_thread::yield();
    if (peer.index() != 0) std::this_thread::sleep_for(std::chrono::milliseconds{50});
    peer.write(make_response("ok"));
    if (peer.index() == 0) peer.shut_down();
    is_closed = true;
  }};
  LoadOptions options = options_for(server.address());
  options.requests = 2;
  const LoadResult result = run(options);
  CHECK(result.first_error == "");
  CHECK(result.requests == 2);
  CHECK(result.idle_closes == 1);
}

TEST_CASE("without reuse a server that ignores the wish to close is not waited for, but counted") {
  const ScriptedServer server{[](Peer& peer) {
    while (peer.read_request()) peer.write(make_response("ok"));
  }};
  LoadOptions options = options_for(server.address());
  options.reuse = false;
  const LoadResult result = run(options);
  CHECK(result.requests == kRequests);
  CHECK(result.ignored_closes == kRequests);
  CHECK(result.missing_closes == 0);
  CHECK(result.awaited_closes == 0);
  CHECK(result.first_error == "");
}

TEST_CASE("a close that was announced and does not come is counted") {
  for (const char* const response :
       {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"}) {
    for (const bool reuse : {false, true}) {
      CAPTURE(response);
      CAPTURE(reuse);
      const ScriptedServer server{[response](Peer& peer) {
        if (!peer.read_request()) return;
        peer.write(response);
        peer.read_to_end();
      }};
      LoadOptions options = options_for(server.address());
      options.reuse = reuse;
      const LoadResult result = run(options);
      CHECK(result.requests == kRequests);
      CHECK(result.missing_closes == kRequests);
      CHECK(result.ignored_closes == 0);
      CHECK(result.errors.total() == 0);
      CHECK(result.close_wait > std::chrono::milliseconds{500});
    }
  }
}

TEST_CASE("what is not HTTP is a framing error, and so is a byte too many") {
  check_all_failed(run_against(answer_once("220 mail.example.org ESMTP\r\n")),
                   &LoadErrors::framing);
  check_all_failed(run_against(answer_once(make_response("ok") + "x")), &LoadErrors::framing);
}

TEST_CASE("a server that never answers is a timeout") {
  const ScriptedServer server{[](Peer& peer) { peer.read_to_end(); }};
  LoadOptions options = options_for(server.address());
  options.request_timeout = std::chrono::milliseconds{30};
  check_all_failed(run(options), &LoadErrors::timeout);
}

TEST_CASE("a server that never reads is a timeout") {
  const ScriptedServer server{[](Peer& peer) {
    if (peer.read_head()) peer.read_to_end();
  }};
  LoadOptions options = options_for(server.address());
  options.body = Bytes{std::uint64_t{1} << 33};
  options.connections = 1;
  options.requests = 1;
  options.request_timeout = std::chrono::milliseconds{30};
  CHECK(run(options).errors.timeout == 1);
}

TEST_CASE("a response without the expected text is a content error") {
  const ScriptedServer server{[](Peer& peer) {
    while (peer.read_request()) peer.write(make_response("{\"bytes\":7}"));
  }};
  LoadOptions options = options_for(server.address());
  options.expected_text = "\"bytes\":70";
  check_all_failed(run(options), &LoadErrors::content);
  CHECK(server.connection_count() == 2);
  options.expected_text = "\"bytes\":7}";
  CHECK(run(options).requests == kRequests);
}

TEST_CASE("the expected text is found when it comes in pieces") {
  const ScriptedServer server{[](Peer& peer) {
    while (peer.read_request()) {
      const std::string response = make_response("{\"bytes\":1048576}");
      for (const char& c : response) peer.write({&c, 1});
    }
  }};
  LoadOptions options = options_for(server.address());
  options.expected_text = "\"bytes\":1048576}";
  const LoadResult result = run(options);
  CHECK(result.requests == kRequests);
  CHECK(result.errors.total() == 0);
}

TEST_CASE("a refused connect is a connect error, and the run still ends") {
  Address nobody;
  {
    const Fd socket{Adopt{}, check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
    const Address any = Address::loopback(0);
    check(::bind(socket.get(), any.raw(), any.raw_bytes()), "bind");
    nobody = Address::of_socket(socket.get());
  }
  check_all_failed(run(options_for(nobody)), &LoadErrors::connect);
}

}  // namespace urb::test
