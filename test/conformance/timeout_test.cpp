// The deadlines of a connection: the whole head, progress of the body, idleness between requests.
// Only that they end what they should is checked, and that they leave alone what moves.
#include <fmt/format.h>
#include <sys/socket.h>

#include "conformance/conformance.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

constexpr Nanos kShort = std::chrono::milliseconds{150};

/// A server with one short deadline; the others are beyond kPatience.
std::unique_ptr<Server> start_with(Nanos http::Limits::*deadline, Nanos value) {
  ServerConfig config = configured_server();
  config.limits.*deadline = value;
  return start_server(config);
}

/// Sends `piece` again and again until an answer is there.
void drip_until_answered(TcpClient& client, std::string_view piece) {
  const bool answered = wait_until(
      [&] { return client.has_input(std::chrono::milliseconds{5}) || !client.try_send(piece); });
  REQUIRE(answered);
}

// Before Linux 6.13 a ring keeps a closed direct descriptor as long as an older request waits.
TEST_CASE("a connection that waits does not hold back the end of another") {
  ServerConfig config = configured_server();
  config.workers = 1;
  config.limits.header_timeout = config.limits.idle_timeout = std::chrono::seconds{20};
  const auto server = start_server(config);
  for (const bool has_been_served : {false, true}) {
    CAPTURE(has_been_served);
    TcpClient waiting{server->address()};
    if (has_been_served) {
      waiting.send(make_post("abc"));
      check_receipt(*server, waiting.read_response(), 3);
    }
    TcpClient client{server->address()};
    client.send(make_post("abc", "Connection: close\r\n"));
    check_receipt(*server, client.read_response(), 3);
    const Nanos start = monotonic_now();
    CHECK(client.is_closed_by_peer());
    // By the kernel's TLS a client that has not ended is waited for.
    CHECK(monotonic_now() - start < std::chrono::seconds{8});
    waiting.send(make_post("abc"));
    check_receipt(*server, waiting.read_response(), 3);
  }
}

TEST_CASE("a head that is not complete in time gets 408, however it drips") {
  const auto server = start_with(&http::Limits::header_timeout, kShort);
  {
    TcpClient client{server->address()};
    client.send("GET / HTTP/1.1\r\nHost: te");
    check_refused(client, 408);
  }
  {
    TcpClient client{server->address()};  // bytes of a head do not renew its deadline
    client.send("GET / HTTP/1.1\r\nHost: test\r\nX-Drip: ");
    drip_until_answered(client, "d");
    CHECK(client.read_response().status == 408);
  }
  {
    TcpClient client{server->address()};  // a later head has the same deadline
    client.send(make_post("abc"));
    check_receipt(*server, client.read_response(), 3);
    client.send("P");
    check_refused(client, 408);
  }
  {
    TcpClient client{server->address()};  // it does not hold for a body
    client.send(make_head("POST", "/", "Content-Length: 5\r\n"));
    CHECK_FALSE(client.has_input(2 * kShort));
    client.send("hello");
    check_receipt(*server, client.read_response(), 5);
  }
  check_healthy(*server);
  check_no_sockets_left(*server);
}

TEST_CASE("a connection that says nothing is closed without an answer") {
  const auto server = start_with(&http::Limits::header_timeout, kShort);
  TcpClient client{server->address()};
  CHECK(client.is_closed_by_peer());
  check_healthy(*server);
}

TEST_CASE("an idle kept-alive connection is closed without an answer") {
  const auto server = start_with(&http::Limits::idle_timeout, kShort);
  TcpClient client{server->address()};
  for (int round = 0; round < 2; ++round) {
    client.send(make_post("abc"));
    check_receipt(*server, client.read_response(), 3);
  }
  CHECK(client.is_closed_by_peer());
  TcpClient busy{server->address()};  // a request that has begun is not idle
  busy.send(make_post("abc"));
  check_receipt(*server, busy.read_response(), 3);
  busy.send_and_let_read("POST / HTTP/1.1\r\nHo");
  CHECK_FALSE(busy.has_input(2 * kShort));
  busy.send("st: test\r\nContent-Length: 2\r\n\r\nab");
  check_receipt(*server, busy.read_response(), 2);
}

TEST_CASE("a body without progress gets 408") {
  const auto server = start_with(&http::Limits::body_timeout, kShort);
  for (const std::string_view begin : {"", "half a b"}) {
    TcpClient client{server->address()};
    client.send(make_head("POST", "/", "Content-Length: 100\r\n").append(begin));
    check_refused(client, 408);
  }
  {
    TcpClient client{server->address()};
    client.send(make_head("POST", "/", "Transfer-Encoding: chunked\r\n") + "5\r\nab");
    check_refused(client, 408);
  }
  check_healthy(*server);
  check_no_sockets_left(*server);
}

TEST_CASE("a body with progress may take longer than the body's deadline") {
  // A long deadline and short steps, so that only a stall of half a second can disturb it.
  constexpr Nanos kDeadline = std::chrono::milliseconds{600};
  constexpr Nanos kStep = std::chrono::milliseconds{75};
  const auto server = start_with(&http::Limits::body_timeout, kDeadline);
  TcpClient client{server->address()};
  client.send(make_head("POST", "/", "Content-Length: 10\r\n"));
  for (int index = 0; index < 10; ++index) {
    CHECK_FALSE(client.has_input(kStep));
    client.send("b");
  }
  check_receipt(*server, client.read_response(), 10);
}

// A worker that waits for a buffer's worth of a large body must not take a trickle for silence.
TEST_CASE("a large body that trickles has progress, one that stops has none") {
  constexpr Nanos kDeadline = std::chrono::milliseconds{300};
  constexpr Nanos kStep = std::chrono::milliseconds{75};
  constexpr std::size_t kBytes = 1 << 20;
  const auto server = start_with(&http::Limits::body_timeout, kDeadline);
  const std::string body = random_text(kBytes, 5);
  const std::string head =
      make_head("POST", "/", fmt::format("X-Verify: crc32c\r\nContent-Length: {}\r\n", kBytes));
  {
    TcpClient client{server->address()};
    client.send(head);
    std::size_t sent = 0;
    for (; sent < 20 * 1000; sent += 1000) {  // five deadlines long
      CHECK_FALSE(client.has_input(kStep));
      client.send(std::string_view{body}.substr(sent, 1000));
    }
    client.send(std::string_view{body}.substr(sent));
    check_receipt(*server, client.read_response(), kBytes, checksum(body));
    // And as before, on the same connection.
    client.send(head + body);
    check_receipt(*server, client.read_response(), kBytes, checksum(body));
  }
  for (const std::size_t there : {std::size_t{0}, std::size_t{5000}, std::size_t{500 * 1000}}) {
    CAPTURE(there);
    TcpClient client{server->address()};
    client.send(head + body.substr(0, there));
    check_refused(client, 408);
  }
  check_no_sockets_left(*server);
}

// Its bytes leave the socket long before there is room for the next send.
TEST_CASE("an answer that is read slowly has progress") {
  // The client's TCP says that there is room when all of its buffer has been read: every 250 ms
  // here. So it reads what is due by then, however late this thread runs.
  constexpr Nanos kDeadline = std::chrono::seconds{2};
  constexpr Nanos kStep = std::chrono::milliseconds{30};
  constexpr std::size_t kStepBytes = 16 * 1024;
  constexpr std::size_t kBytes = 12 << 20;
  const auto server = start_with(&http::Limits::body_timeout, kDeadline);
  TcpClient client{server->address(), /*receive_buffer_bytes=*/64 * 1024};
  client.send(make_head("GET", fmt::format("/?size={}", kBytes), "Connection: close\r\n"));
  std::vector<char> buffer(1 << 20);
  std::size_t got = 0;
  const Nanos begin = monotonic_now();
  for (;;) {
    const Nanos elapsed = monotonic_now() - begin;
    const bool is_slow = elapsed < 3 * kDeadline;
    const std::size_t due = (1 + static_cast<std::size_t>(elapsed / kStep)) * kStepBytes;
    if (is_slow && got >= due) {
      CHECK_FALSE(wait_until([] { return false; }, kStep));
      continue;
    }
    const std::size_t wanted = is_slow ? std::min(due - got, buffer.size()) : buffer.size();
    const ssize_t size = ::recv(client.fd(), buffer.data(), wanted, 0);
    REQUIRE(size >= 0);
    if (size == 0) break;
    got += static_cast<std::size_t>(size);
  }
  CHECK(got > kBytes);
}

TEST_CASE("a client that does not read its answer is closed in time") {
  const auto server = start_with(&http::Limits::body_timeout, kShort);
  {
    TcpClient client{server->address(), /*receive_buffer_bytes=*/4096};
    client.send(make_head("GET", "/?size=10485760"));
    check_no_sockets_left(*server);
    CHECK_THROWS_AS((void)client.read_response(), ClientError);
  }
  check_healthy(*server);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
