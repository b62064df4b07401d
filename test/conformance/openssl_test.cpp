// What another client of TLS may do, and ours never does. Where the build has OpenSSL.
#include <string>
#include <vector>

#include "conformance/conformance.hpp"
#include "support/openssl_client.hpp"
#include "tls/client_hello.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

bool does_tls() { return configured_server().tls.kind != tls::Kind::off; }

std::uint64_t count_of(const Server& server, Counter Counters::*counter) {
  std::uint64_t sum = 0;
  for (const ServerProcess& process : server.processes()) sum += (process.counters->*counter).get();
  return sum;
}

TEST_CASE("tls: KeyUpdates are no progress: a request has its deadline, however many come") {
  if (!does_tls()) return;
  ServerConfig config = configured_server();
  config.limits.header_timeout = std::chrono::milliseconds{200};
  config.limits.body_timeout = std::chrono::milliseconds{200};
  const auto server = start_server(config);
  const std::vector<std::string> begun{"", "GET / HT",
                                       make_head("POST", "/", "Content-Length: 10\r\n") + "12345"};
  for (const std::string& text : begun) {
    CAPTURE(text);
    OpensslClient client{server->address()};
    REQUIRE(client.shake_hands());
    if (!text.empty()) REQUIRE(client.send(text));
    // Ten times the deadline, one update in a tenth of it. None of them is answered.
    bool has_ended = false;
    for (int count = 0; count < 100 && !has_ended; ++count) {
      has_ended = !client.update_keys(false) || client.has_input(std::chrono::milliseconds{20});
    }
    CHECK(has_ended);
  }
  check_healthy(*server);
}

TEST_CASE("tls: data goes on after KeyUpdates, asked for or not") {
  // The kernel has no new keys: ktls_test.cpp has how they are refused.
  if (!does_tls() || configured_server().tls.kind == tls::Kind::ktls) return;
  const auto server = start_server(configured_server());
  OpensslClient client{server->address()};
  REQUIRE(client.shake_hands());
  const std::string body = random_text(100'000, 5);
  const std::string request = make_post(body, "X-Verify: crc32c\r\nConnection: close\r\n");
  const std::size_t piece = request.size() / 10;
  for (std::size_t at = 0; at < request.size(); at += piece) {
    REQUIRE(client.send(std::string_view{request}.substr(at, piece)));
    REQUIRE(client.update_keys(at % (2 * piece) == 0));
  }
  const std::string answer = client.read_to_end();
  char crc[16];
  std::snprintf(crc, sizeof crc, "%08x", checksum(body));
  CHECK(answer.find("\"bytes\":100000") != std::string::npos);
  CHECK(answer.find(crc) != std::string::npos);
  CHECK((SSL_get_shutdown(client.ssl) & SSL_RECEIVED_SHUTDOWN) != 0);
}

TEST_CASE("tls: a renegotiation is refused, and the connection serves on") {
  if (!does_tls()) return;
  const auto server = start_server(configured_server());
  OpensslClient client{server->address(), TLS1_2_VERSION};
  REQUIRE(client.shake_hands());
  REQUIRE(SSL_renegotiate(client.ssl) == 1);
  // It fails at the warning (no_renegotiation), which for a client of OpenSSL is the end.
  CHECK(SSL_do_handshake(client.ssl) != 1);
  CHECK(wait_until([&] { return count_of(*server, &Counters::handshakes) == 1; }));
  check_healthy(*server);
}

TEST_CASE("tls: a hello of many kilobytes is served; with sni up to the limit") {
  if (!does_tls()) return;
  const auto server = start_server(configured_server());
  for (const std::size_t bytes : {std::size_t{12'000}, std::size_t{40'000}}) {
    CAPTURE(bytes);
    std::string protocols;
    while (protocols.size() < bytes) protocols += '\xfa' + std::string(250, 'p');
    OpensslClient client{server->address()};
    REQUIRE(SSL_set_alpn_protos(client.ssl,
                                reinterpret_cast<const unsigned char*>(protocols.data()),
                                static_cast<unsigned>(protocols.size())) == 0);
    const bool is_taken =
        bytes < tls::kClientHelloMax || configured_server().tls.kind != tls::Kind::sni;
    CHECK(client.shake_hands() == is_taken);
    if (!is_taken) {
      CHECK(SSL_get_error(client.ssl, -1) == SSL_ERROR_SSL);  // an alert, and no reset
      CHECK(count_of(*server, &Counters::handshake_errors) == 1);
      continue;
    }
    REQUIRE(client.send(make_head("GET", "/", "Connection: close\r\n")));
    CHECK(client.read_to_end().find("200 OK") != std::string::npos);
  }
  check_healthy(*server);
  check_no_sockets_left(*server);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
