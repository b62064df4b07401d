// An answer to HEAD ends with its head (RFC 9110, 9.3.2), the one that refuses it, too: whatever
// came behind it, the client would take for the beginning of another answer.
#include <sys/resource.h>

#include <csignal>

#include "conformance/conformance.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

/// Checks that `client` gets the head of an error response, and then the end of the connection.
void check_refused_to_head(TcpClient& client, int status) {
  const Response response = client.read_response(/*to_head=*/true);
  CHECK(response.status == status);
  CHECK(response.header("connection") == "close");
  CHECK(response.header("content-length") != "0");  // of what GET would have got
  CHECK(client.is_closed_by_peer());
}

struct WrongHead {
  int status;
  std::string bytes;
};

std::vector<WrongHead> wrong_heads() {
  return {
      {400, "HEAD / HTTP/1.1\r\n\r\n"},
      {400, "HEAD / HTTP/1.1\r\nHost:\r\n\r\n"},
      {400, "HEAD x HTTP/1.1\r\nHost: a\r\n\r\n"},
      {400, make_head("HEAD", "/", "Content-Length: x\r\n")},
      {400, make_head("HEAD", "/", "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\nx\r\n"},
      {414, "HEAD /" + std::string(9000, 'a')},
      {417, make_head("HEAD", "/", "Expect: something\r\n")},
      {431, make_head("HEAD", "/", "X-A: " + std::string(17'000, 'a') + "\r\n")},
      {501, make_head("HEAD", "/", "Transfer-Encoding: gzip\r\n")},
      {505, "HEAD / HTTP/2.1\r\nHost: a\r\n\r\n"},
      {505, "HEAD /\r\n\r\n"},
  };
}

TEST_CASE_FIXTURE(SharedServer, "a HEAD that is refused gets no body, nor does it behind others") {
  for (const WrongHead& wrong : wrong_heads()) {
    CAPTURE(wrong.bytes.substr(0, 60));
    TcpClient client = connect();
    client.send(wrong.bytes);
    check_refused_to_head(client, wrong.status);
    TcpClient next = connect();
    next.send(make_post("abc") + make_head("HEAD", "/") + wrong.bytes);
    check_receipt(server, next.read_response(), 3);
    CHECK(next.read_response(/*to_head=*/true).status == 200);
    check_refused_to_head(next, wrong.status);
  }
}

TEST_CASE_FIXTURE(SharedServer, "what is refused behind a HEAD, and is none, gets its body") {
  for (const std::string_view wrong :
       {"HEADS / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\r\n\r\n"}) {
    CAPTURE(wrong);
    TcpClient client = connect();
    client.send(make_head("HEAD", "/"));
    CHECK(client.read_response(/*to_head=*/true).status == 200);
    client.send(wrong);
    check_refused(client, 400);
  }
}

TEST_CASE("a HEAD that is too large or too slow gets no body") {
  ServerConfig config = configured_server();
  config.limits.max_body = Bytes{1000};
  config.limits.header_timeout = std::chrono::milliseconds{150};
  config.limits.body_timeout = std::chrono::milliseconds{150};
  const auto server = start_server(config);
  for (const std::string& request : {make_head("HEAD", "/", "Content-Length: 1001\r\n"),
                                     make_head("HEAD", "/", "Transfer-Encoding: chunked\r\n") +
                                         "3e9\r\n" + std::string(1001, 'b')}) {
    TcpClient client{server->address()};
    client.send(request);
    check_refused_to_head(client, 413);
  }
  for (const std::string& begun :
       {std::string{"HEAD / HTTP/1.1\r\nHost: te"}, make_head("HEAD", "/", "Content-Length: 9\r\n"),
        make_head("HEAD", "/", "Content-Length: 9\r\n") + "abc",
        make_head("HEAD", "/", "Transfer-Encoding: chunked\r\n") + "5\r\nab"}) {
    CAPTURE(begun);
    TcpClient client{server->address()};
    client.send(begun);
    check_refused_to_head(client, 408);
  }
  check_healthy(*server);
  check_no_sockets_left(*server);
}

// Who reads the head answers for a worker that cannot: 502 and 503 are the master's.
TEST_CASE("a HEAD whose worker dies, or has no room, gets no body") {
  if (!reads_heads()) return;
  rlimit files{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &files) == 0);
  // A proxy has none left for a connection to its worker before it has no buffers left for heads;
  // a channel is full before there are too many descriptors in it, as the heads are large.
  const rlimit few{mode_under_test().name == "passthru" ? rlim_t{48} : rlim_t{256}, files.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  ServerConfig config = configured_server();
  config.workers = 1;
  const auto server = start_server(config);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &files) == 0);
  const pid_t worker = server->processes()[1].pid;
  REQUIRE(kill(worker, SIGSTOP) == 0);
  REQUIRE(wait_until([&] { return process_state(worker) == 'T'; }));
  const std::string request = make_head("HEAD", "/", "X-A: " + std::string(15'000, 'a') + "\r\n");
  const Counters& master = *server->processes()[0].counters;
  std::vector<TcpClient> clients;
  const auto is_full = [&] {
    return master.handover_refused.get() + master.request_errors.get() != 0;
  };
  while (!is_full() && clients.size() < 600) {
    const std::uint64_t before = master.connections_opened.get();
    clients.emplace_back(server->address());
    clients.back().send_and_let_read(request);
    REQUIRE(wait_until([&] { return master.connections_opened.get() != before || is_full(); }));
  }
  REQUIRE(wait_until(is_full));
  REQUIRE(wait_until([&] { return clients.back().has_input(Nanos{0}); }));
  check_refused_to_head(clients.back(), 503);
  clients.pop_back();

  const bool is_proxied = master.upstream_opened.get() != 0;
  REQUIRE(kill(worker, SIGKILL) == 0);
  if (is_proxied) {
    for (TcpClient& client : clients) check_refused_to_head(client, 502);
  }
  clients.clear();
  check_no_sockets_left(*server);
  REQUIRE(wait_until([&] {
    static_cast<void>(server->take_news());
    return server->processes()[1].pid != worker;
  }));
  check_healthy(*server);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
