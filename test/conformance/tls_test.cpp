// What TLS adds: its own deadline, clients that do it wrong, its end. Runs with URB_TLS.
#include <sys/socket.h>

#include <string>
#include <vector>

#include "conformance/conformance.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

bool has_tls() { return configured_server().tls.kind != tls::Kind::off; }

/// Of all processes.
std::uint64_t count(const Server& server, Counter Counters::*counter) {
  std::uint64_t sum = 0;
  for (const ServerProcess& process : server.processes()) sum += (process.counters->*counter).get();
  return sum;
}

/// Whether the server ends the connection in time, perhaps behind an alert.
bool is_ended(TcpClient& client) {
  char alert[64];
  while (client.has_input(kPatience)) {
    if (recv(client.fd(), alert, sizeof alert, MSG_DONTWAIT) <= 0) return true;
  }
  return false;
}

/// The first flight of a client.
std::string make_hello() {
  tls::Context context = tls::Context::for_client(false);
  tls::Connection client{context};
  const std::vector<std::byte>& output = client.output();
  return {reinterpret_cast<const char*>(output.data()), output.size()};
}

TEST_CASE("tls: a client without it is closed, counted, and no one else notices") {
  if (!has_tls()) return;
  const auto server = start_server(configured_server());
  {
    TcpClient client{server->address(), TcpClient::Raw{}};
    client.send(make_head("GET", "/"));
    CHECK(client.is_closed_by_peer());
  }
  CHECK(wait_until([&] { return count(*server, &Counters::handshake_errors) == 1; }));
  CHECK(count(*server, &Counters::handshakes) == 0);
  check_healthy(*server);
  CHECK(count(*server, &Counters::handshakes) == 1);
  check_no_sockets_left(*server);
}

TEST_CASE("tls: a handshake has a deadline of its own, however it drips") {
  if (!has_tls()) return;
  ServerConfig config = configured_server();
  config.tls.handshake_timeout = std::chrono::milliseconds{150};
  const auto server = start_server(config);
  TcpClient slow{server->address(), TcpClient::Raw{}};
  TcpClient silent{server->address(), TcpClient::Raw{}};
  for (const char byte : make_hello()) {
    if (!slow.try_send({&byte, 1}) || slow.has_input(std::chrono::milliseconds{5})) break;
  }
  CHECK(slow.is_closed_by_peer());
  CHECK(silent.is_closed_by_peer());
  CHECK(wait_until([&] { return count(*server, &Counters::handshake_errors) == 2; }));
  {
    TcpClient client{server->address()};  // the deadline ends with the handshake
    CHECK_FALSE(client.has_input(std::chrono::milliseconds{400}));
    client.send(make_post("abc"));
    check_receipt(*server, client.read_response(), 3);
  }
  check_healthy(*server);
  check_no_sockets_left(*server);
}

TEST_CASE("tls: half a handshake, then the end or a reset") {
  if (!has_tls()) return;
  const auto server = start_server(configured_server());
  const std::string hello = make_hello();
  {
    TcpClient client{server->address(), TcpClient::Raw{}};
    client.send(std::string_view{hello}.substr(0, hello.size() / 2));
    client.end_sending();
    CHECK(is_ended(client));
  }
  {
    TcpClient client{server->address(), TcpClient::Raw{}};
    client.send(hello);
    client.reset();
  }
  CHECK(wait_until([&] { return count(*server, &Counters::handshake_errors) == 2; }));
  check_healthy(*server);
  check_no_sockets_left(*server);
}

TEST_CASE("tls: a connection that ends in order is told so") {
  if (!has_tls()) return;
  ServerConfig config = configured_server();
  config.limits.idle_timeout = std::chrono::milliseconds{150};
  const auto server = start_server(config);
  {
    TcpClient client{server->address()};  // by its last answer
    client.send(make_post("abc", "Connection: close\r\n"));
    check_receipt(*server, client.read_response(), 3);
    CHECK(client.is_closed_by_peer());
    CHECK(client.has_clean_end());
  }
  {
    TcpClient client{server->address()};  // by a refusal
    client.send("GET / HTTP/9.9\r\n\r\n");
    check_refused(client, 505);
    CHECK(client.has_clean_end());
  }
  {
    TcpClient client{server->address()};  // idle
    client.send(make_post("abc"));
    check_receipt(*server, client.read_response(), 3);
    CHECK(client.is_closed_by_peer());
    CHECK(client.has_clean_end());
  }
  {
    TcpClient client{server->address()};  // by the client's own end
    client.send(make_post("abc"));
    check_receipt(*server, client.read_response(), 3);
    client.end_sending();
    CHECK(client.is_closed_by_peer());
    CHECK(client.has_clean_end());
  }
  check_no_sockets_left(*server);
}

TEST_CASE("tls: a changed record ends its connection with an alert, and no other") {
  if (!has_tls()) return;
  const auto server = start_server(configured_server());
  TcpClient other{server->address()};
  {
    TcpClient client{server->address()};
    client.send(make_head("POST", "/", "Content-Length: 10\r\n"));
    client.spoil_next();
    client.send("0123456789");
    CHECK(client.is_closed_by_peer());
    CHECK_FALSE(client.has_clean_end());
  }
  CHECK(wait_until([&] { return count(*server, &Counters::tls_errors) == 1; }));
  CHECK(served_requests(*server) == 0);
  other.send(make_post("abc"));
  check_receipt(*server, other.read_response(), 3);
}

TEST_CASE("tls: a slow reader gets the last byte of a large answer, and the end") {
  if (!has_tls()) return;
  const auto server = start_server(configured_server());
  constexpr std::size_t kBytes = 3 << 20;
  TcpClient client{server->address(), 4096};
  client.send(make_head("GET", "/?size=" + std::to_string(kBytes), "Connection: close\r\n"));
  CHECK(client.has_input(kPatience));
  // All that fits is sent by then, and the answer of another does not wait.
  check_healthy(*server);
  check_filler(client.read_response(), kBytes);
  CHECK(client.is_closed_by_peer());
  CHECK(client.has_clean_end());
}

}  // namespace
}  // namespace urb::test
