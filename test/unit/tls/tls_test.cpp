// TLS between two ends in memory, one of them ours.
#include "tls/tls.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "support/temp_folder.hpp"

namespace urb::tls {
namespace {

constexpr std::size_t kMemory = 256 * 1024;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}

const Identity& identity() {
  static const Identity made = make_throwaway_identity();
  return made;
}

/// What `to` reads of `sealed`, handed over in pieces of `piece` bytes.
std::string feed(Connection& to, std::span<const std::byte> sealed, std::size_t piece = kMemory) {
  std::vector<std::byte> plain(kMemory + kHeldMax);
  std::string text;
  while (!sealed.empty()) {
    const auto now = sealed.first(std::min(piece, sealed.size()));
    sealed = sealed.subspan(now.size());
    const std::size_t count = to.receive(now, plain);
    text.append(reinterpret_cast<const char*>(plain.data()), count);
  }
  return text;
}

std::vector<std::byte> take_output(Connection& from) {
  std::vector<std::byte> taken;
  taken.swap(from.output());
  return taken;
}

struct Pair {
  explicit Pair(bool resumes = false)
      : server_side{Context::for_server(identity(), resumes)},
        client_side{Context::for_client(resumes)} {}

  /// Carries bytes both ways until there are none.
  void settle(std::size_t piece = kMemory) {
    while (!client->output().empty() || !server->output().empty()) {
      to_server += feed(*server, take_output(*client), piece);
      to_client += feed(*client, take_output(*server), piece);
    }
  }
  void connect(std::size_t piece = kMemory) {
    server = std::make_unique<Connection>(server_side);
    client = std::make_unique<Connection>(client_side, "localhost");
    settle(piece);
  }

  Context server_side;
  Context client_side;
  std::unique_ptr<Connection> server;
  std::unique_ptr<Connection> client;
  std::string to_server;
  std::string to_client;
};

TEST_SUITE_BEGIN("unit" * doctest::skip(library().empty()));

TEST_CASE("tls: a handshake, data both ways, and the end that each side says") {
  Pair pair;
  pair.connect();
  CHECK(pair.server->state() == State::established);
  CHECK(pair.client->state() == State::established);
  CHECK(pair.server->version() == "TLSv1.3");
  const std::string upload(100'000, 'u');
  pair.client->send(bytes_of(upload));
  pair.settle();
  CHECK(pair.to_server == upload);
  pair.server->send(bytes_of("answer"));
  pair.server->end();
  pair.settle();
  CHECK(pair.to_client == "answer");
  CHECK(pair.client->state() == State::ended);
  pair.client->end();
  pair.settle();
  CHECK(pair.server->state() == State::ended);
}

TEST_CASE("tls: bytes may come one at a time") {
  Pair pair;
  pair.connect(1);
  REQUIRE(pair.server->state() == State::established);
  pair.client->send(bytes_of("a request"));
  pair.settle(1);
  CHECK(pair.to_server == "a request");
}

TEST_CASE("tls: what is sent before the server has read it all comes whole") {
  Pair pair;
  pair.connect();
  const std::string upload(200'000, 'u');
  pair.client->send(bytes_of(upload));
  const std::vector<std::byte> sealed = take_output(*pair.client);
  // Records of 16 KiB, cut where no record ends.
  CHECK(feed(*pair.server, sealed, 65'537) == upload);
}

TEST_CASE("tls: half a handshake is no failure, and no connection") {
  Pair pair;
  pair.server = std::make_unique<Connection>(pair.server_side);
  pair.client = std::make_unique<Connection>(pair.client_side);
  const std::vector<std::byte> hello = take_output(*pair.client);
  REQUIRE(hello.size() > 100);
  CHECK(feed(*pair.server, std::span{hello}.first(hello.size() - 1)).empty());
  CHECK(pair.server->state() == State::handshaking);
  CHECK(pair.server->output().empty());
  pair.server->end();  // says nothing
  CHECK(pair.server->output().empty());
}

TEST_CASE("tls: a client without TLS is told apart") {
  Pair pair;
  pair.server = std::make_unique<Connection>(pair.server_side);
  CHECK(feed(*pair.server, bytes_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).empty());
  CHECK(pair.server->state() == State::failed);
  CHECK(pair.server->failure() == "http request");
}

TEST_CASE("tls: a changed byte ends a connection with an alert") {
  Pair pair;
  pair.connect();
  pair.client->send(bytes_of("a request"));
  std::vector<std::byte> sealed = take_output(*pair.client);
  sealed.back() ^= std::byte{1};
  CHECK(feed(*pair.server, sealed).empty());
  CHECK(pair.server->state() == State::failed);
  CHECK(!pair.server->output().empty());
  // Nothing comes after it, sealed right or not.
  pair.client->send(bytes_of("another"));
  CHECK(feed(*pair.server, take_output(*pair.client)).empty());
}

TEST_CASE("tls: what follows a handshake in the same bytes may fail, and it was one") {
  Pair pair;
  pair.server = std::make_unique<Connection>(pair.server_side);
  pair.client = std::make_unique<Connection>(pair.client_side);
  CHECK(feed(*pair.server, take_output(*pair.client)).empty());
  CHECK(feed(*pair.client, take_output(*pair.server)).empty());
  REQUIRE(pair.client->has_connected());
  pair.client->send(bytes_of("a request"));
  std::vector<std::byte> sealed = take_output(*pair.client);
  sealed.back() ^= std::byte{1};
  CHECK(feed(*pair.server, sealed).empty());
  CHECK(pair.server->state() == State::failed);
  CHECK(pair.server->has_connected());
}

TEST_CASE("tls: sessions are resumed where both sides are told to, also by another process") {
  Pair pair{/*resumes=*/true};
  pair.connect();
  CHECK(!pair.client->is_resumed());
  // As another worker has: a context of its own, of the same identity.
  pair.server_side = Context::for_server(identity(), true);
  pair.connect();
  CHECK(pair.client->is_resumed());
  CHECK(pair.server->is_resumed());
}

TEST_CASE("tls: no tickets otherwise") {
  Pair pair;
  pair.client_side = Context::for_client(true);
  pair.connect();
  pair.connect();
  CHECK(!pair.client->is_resumed());
}

TEST_CASE("tls: an identity from files, and what is refused") {
  const test::TempFolder folder;
  const auto write = [&folder](const char* name, const std::string& text) {
    std::ofstream{folder.file(name)} << text;
    return folder.file(name);
  };
  const std::string certificate = write("cert.pem", identity().certificate);
  const std::string key = write("key.pem", identity().key);
  CHECK(read_identity(certificate, key).certificate == identity().certificate);
  const std::string other = write("other.pem", make_throwaway_identity().key);
  CHECK_THROWS_AS(static_cast<void>(read_identity(certificate, other)), UsageError);
  CHECK_THROWS_AS(static_cast<void>(read_identity(key, key)), UsageError);
  CHECK_THROWS_AS(static_cast<void>(read_identity(certificate + ".no", key)), SysError);
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb::tls
