// Where the kernel seals: records that are no data, at every place where a connection may stand,
// and ends that must not cut an answer off. Runs with URB_TLS=ktls, mostly in guests.
#include <signal.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "conformance/conformance.hpp"
#include "support/guest_tests.hpp"
#include "support/ktls_client.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kEnd = "\x01\x00"sv;
constexpr std::string_view kWarning = "\x01\x5a"sv;  // user_canceled
constexpr std::string_view kFailure = "\x02\x28"sv;  // handshake_failure
constexpr std::string_view kKeyUpdate = "\x18\x00\x00\x01\x00"sv;
constexpr std::string_view kClientHello = "\x01\x00\x00\x02\x03\x03"sv;  // as it begins
constexpr int kUnexpectedMessage = 10;

/// Those that the library gives to the kernel.
std::vector<KtlsClient::Version> versions() {
  if (!tls::kernel_takes_tls13()) return {KtlsClient::Version::tls12};
  return {KtlsClient::Version::tls12, KtlsClient::Version::tls13};
}

bool has_ktls() { return configured_server().tls.kind == tls::Kind::ktls; }

/// Of all processes.
std::uint64_t total(const Server& server, Counter Counters::*counter) {
  std::uint64_t sum = 0;
  for (const ServerProcess& process : server.processes()) sum += (process.counters->*counter).get();
  return sum;
}

std::string close_post(std::string_view body) { return make_post(body, "Connection: close\r\n"); }

/// Where a connection stands when the record comes: what was sent before it, and what follows.
struct Place {
  const char* name;
  std::string before;
  std::string behind;
};
std::vector<Place> places() {
  const std::string large = close_post(random_text(300 * 1000, 3));
  const std::size_t head = large.find("\r\n\r\n") + 4;
  return {{"before the first byte", "", large},
          {"within the head", large.substr(0, 10), large.substr(10)},
          {"behind the head", large.substr(0, head), large.substr(head)},
          {"within the body", large.substr(0, 200 * 1000), large.substr(200 * 1000)}};
}

TEST_CASE("ktls: a warning anywhere in a request changes nothing") {
  if (!has_ktls()) return;
  const auto server = start_server(configured_server());
  for (const KtlsClient::Version version : versions()) {
    for (const Place& place : places()) {
      CAPTURE(place.name);
      KtlsClient client{server->address(), version};
      client.send(place.before);
      client.send_record(KtlsClient::kAlert, kWarning);
      client.send_record(KtlsClient::kAlert, kWarning);
      client.send(place.behind);
      const KtlsClient::End end = client.read_to_end();
      CHECK(end.text.find("\"bytes\":300000") != std::string::npos);
      CHECK(end.is_clean);
    }
  }
  check_no_sockets_left(*server);
  CHECK(total(*server, &Counters::tls_errors) == 0);
  CHECK(total(*server, &Counters::tls_ends_cut) == 0);
}

TEST_CASE("ktls: KeyUpdate and another handshake are refused with an alert, and counted") {
  if (!has_ktls()) return;
  const auto server = start_server(configured_server());
  std::uint64_t refused = 0;
  for (const KtlsClient::Version version : versions()) {
    const bool is_old = version == KtlsClient::Version::tls12;
    for (const Place& place : places()) {
      CAPTURE(place.name);
      KtlsClient client{server->address(), version};
      client.send(place.before);
      client.send_record(KtlsClient::kHandshake, is_old ? kClientHello : kKeyUpdate);
      const KtlsClient::End end = client.read_to_end();
      CHECK(end.text == "");
      CHECK(end.alert == kUnexpectedMessage);
      ++refused;
      CHECK(wait_until([&] { return total(*server, &Counters::tls_errors) == refused; }));
    }
    KtlsClient idle{server->address(), version};
    idle.send(make_post("abc"));
    CHECK(idle.read_until("\"bytes\":3}").starts_with("HTTP/1.1 200 OK\r\n"));
    idle.send_record(KtlsClient::kHandshake, kKeyUpdate);
    CHECK(idle.read_to_end().alert == kUnexpectedMessage);
    ++refused;
  }
  check_healthy(*server);
  check_no_sockets_left(*server);
  CHECK(total(*server, &Counters::tls_errors) == refused);
}

TEST_CASE("ktls: a fatal alert ends its connection, and is counted") {
  if (!has_ktls()) return;
  const auto server = start_server(configured_server());
  for (const Place& place : places()) {
    CAPTURE(place.name);
    KtlsClient client{server->address(), versions().back()};
    client.send(place.before);
    client.send_record(KtlsClient::kAlert, kFailure);
    CHECK(client.read_to_end().text == "");
  }
  CHECK(wait_until([&] { return total(*server, &Counters::tls_errors) == places().size(); }));
  check_no_sockets_left(*server);
}

TEST_CASE("ktls: the client's end behind a request is no end of its answer") {
  if (!has_ktls()) return;
  const auto server = start_server(configured_server());
  for (const KtlsClient::Version version : versions()) {
    for (const std::string& fields : {std::string{}, std::string{"Connection: close\r\n"}}) {
      for (const bool ends_tcp : {false, true}) {
        CAPTURE(ends_tcp);
        KtlsClient client{server->address(), version};
        client.send(make_head("GET", "/?size=500000", fields));
        if (!ends_tcp) client.send_record(KtlsClient::kAlert, kEnd);
        client.end_tcp();
        const KtlsClient::End end = client.read_to_end();
        CHECK(end.text.size() > 500'000);
        CHECK(end.is_clean);
      }
    }
  }
  check_no_sockets_left(*server);
}

TEST_CASE("ktls: all that a client says, in one piece with its Finished") {
  if (!has_ktls()) return;
  const auto server = start_server(configured_server());
  for (const bool ends_tcp : {false, true}) {
    CAPTURE(ends_tcp);
    tls::Context context = tls::Context::for_client(false);
    tls::Connection tls{context};
    TcpClient socket{server->address(), TcpClient::Raw{}};
    std::vector<std::byte> sealed(64 * 1024);
    std::vector<std::byte> plain(sealed.size() + tls::kHeldMax);
    std::string text;
    const auto flush = [&] {
      std::vector<std::byte> output;
      output.swap(tls.output());
      socket.send({reinterpret_cast<const char*>(output.data()), output.size()});
    };
    const auto receive = [&] {
      REQUIRE(socket.has_input(kPatience));
      const ssize_t count = recv(socket.fd(), sealed.data(), sealed.size(), 0);
      if (count <= 0) return false;
      const auto got = std::span{sealed}.first(static_cast<std::size_t>(count));
      text.append(reinterpret_cast<const char*>(plain.data()), tls.receive(got, plain));
      return true;
    };
    flush();
    while (tls.state() == tls::State::handshaking) REQUIRE(receive());
    const std::string request = make_post("abc");
    tls.send(std::as_bytes(std::span{request}));
    tls.end();
    flush();
    if (ends_tcp) socket.end_sending();
    while (receive()) {
    }
    CHECK(text.find("\"bytes\":3}") != std::string::npos);
    CHECK(tls.state() == tls::State::ended);
    CHECK(total(*server, &Counters::tls_not_offloaded) == 0);
    CHECK(total(*server, &Counters::handshakes) == 1U + ends_tcp);
    CHECK(total(*server, &Counters::heads_read) == 1U + ends_tcp);
    CHECK(total(*server, &Counters::connection_resets) == 0);
    CHECK(total(*server, &Counters::tls_errors) == 0);
    CHECK(total(*server, &Counters::handshake_errors) == 0);
  }
  check_no_sockets_left(*server);
}

// The kernel refuses to begin with TLS on a connection whose client has ended.
TEST_CASE("ktls: a client that ends at once, at any moment of the handshake's end") {
  if (!has_ktls()) return;
  const auto server = start_server(configured_server());
  for (int round = 0; round < 60; ++round) {
    TcpClient client{server->address()};
    client.send(make_post("abc"));
    client.end_sending();
    check_receipt(*server, client.read_response(), 3);
  }
  CHECK(total(*server, &Counters::tls_not_offloaded) == 0);
  check_no_sockets_left(*server);
}

TEST_CASE("ktls: the end within a request is no request") {
  if (!has_ktls()) return;
  const auto server = start_server(configured_server());
  for (const Place& place : places()) {
    CAPTURE(place.name);
    KtlsClient client{server->address(), versions().back()};
    client.send(place.before);
    client.send_record(KtlsClient::kAlert, kEnd);
    CHECK(client.read_to_end().text == "");
  }
  check_no_sockets_left(*server);
  CHECK(served_requests(*server) == 0);
}

TEST_CASE("ktls: tickets come through the kernel, and shorten the next handshake") {
  if (!has_ktls()) return;
  ServerConfig config = configured_server();
  config.tls.resumes = true;
  const auto server = start_server(config);
  for (const KtlsClient::Version version : versions()) {
    Ticket ticket;
    for (int round = 0; round < 3; ++round) {
      KtlsClient client{server->address(), version, ticket};
      CHECK(client.is_resumed() == (round != 0));
      client.send(make_post("abc"));
      CHECK(client.read_until("\"bytes\":3}").starts_with("HTTP/1.1 200 OK\r\n"));
      ticket = client.ticket();
    }
  }
  CHECK(total(*server, &Counters::handshakes_resumed) == 4);
  check_no_sockets_left(*server);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
