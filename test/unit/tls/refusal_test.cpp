// What a client may try that our server refuses. The client is OpenSSL itself, which can be told
// to.
#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tls/tls.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb::tls {
namespace {

const Identity& identity() {
  static const Identity made = make_throwaway_identity();
  return made;
}

/// A client, and the server's end that it talks to.
class Stranger {
 public:
  explicit Stranger(int version, bool server_resumes = false)
      : server_side_{Context::for_server(identity(), server_resumes)},
        context_{SSL_CTX_new(TLS_client_method())} {
    SSL_CTX_set_min_proto_version(context_, version);
    SSL_CTX_set_max_proto_version(context_, version);
    begin(nullptr);
  }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  ~Stranger() {
    SSL_free(client);
    SSL_CTX_free(context_);
  }

  /// A new connection of both.
  void begin(SSL_SESSION* session) {
    SSL_free(client);
    server.emplace(server_side_);
    text.clear();
    client = SSL_new(context_);
    SSL_set_connect_state(client);
    SSL_set_bio(client, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    if (session != nullptr) SSL_set_session(client, session);
  }
  /// Carries bytes both ways until there are none. What the client reads is dropped.
  void settle() {
    std::vector<std::byte> memory(256 * 1024);
    std::vector<std::byte> plain(memory.size() + kHeldMax);
    for (bool has_moved = true; has_moved;) {
      has_moved = false;
      const int size = BIO_read(SSL_get_wbio(client), memory.data(), 256 * 1024);
      if (size > 0) {
        has_moved = true;
        const std::size_t count =
            server->receive(std::span{memory}.first(static_cast<std::size_t>(size)), plain);
        text.append(reinterpret_cast<const char*>(plain.data()), count);
      }
      std::vector<std::byte> output;
      output.swap(server->output());
      if (output.empty()) continue;
      has_moved = true;
      BIO_write(SSL_get_rbio(client), output.data(), static_cast<int>(output.size()));
      char dropped[4096];
      while (SSL_read(client, dropped, sizeof dropped) > 0) {
      }
    }
  }
  void connect() {
    SSL_do_handshake(client);
    settle();
    REQUIRE(server->state() == State::established);
    REQUIRE(SSL_is_init_finished(client) == 1);
  }
  void say(const char* words) {
    SSL_write(client, words, static_cast<int>(std::string_view{words}.size()));
    settle();
  }

  SSL* client = nullptr;
  std::optional<Connection> server;
  std::string text;  ///< that the server has read

 private:
  Context server_side_;
  SSL_CTX* context_;
};

TEST_CASE("tls: both versions, and none below") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Stranger stranger{version};
    stranger.connect();
    CHECK(stranger.server->version() == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"));
    stranger.say("hello");
    CHECK(stranger.text == "hello");
  }
  Stranger old{TLS1_1_VERSION};
  SSL_set_security_level(old.client, 0);  // else the client itself refuses
  SSL_do_handshake(old.client);
  old.settle();
  CHECK(old.server->state() == State::failed);
}

TEST_CASE("tls: a renegotiation is refused, and the connection goes on") {
  Stranger stranger{TLS1_2_VERSION};
  stranger.connect();
  REQUIRE(SSL_renegotiate(stranger.client) == 1);
  SSL_do_handshake(stranger.client);
  stranger.settle();
  CHECK(SSL_get_error(stranger.client, SSL_do_handshake(stranger.client)) != SSL_ERROR_NONE);
  CHECK(stranger.text.empty());
}

TEST_CASE("tls: a KeyUpdate is answered by one, and data goes on") {
  Stranger stranger{TLS1_3_VERSION};
  stranger.connect();
  stranger.say("before");
  REQUIRE(SSL_key_update(stranger.client, SSL_KEY_UPDATE_REQUESTED) == 1);
  stranger.say(", behind");
  CHECK(stranger.text == "before, behind");
  CHECK(stranger.server->state() == State::established);
}

TEST_CASE("tls: early data is refused: the server never reads it") {
  Stranger stranger{TLS1_3_VERSION, /*server_resumes=*/true};
  stranger.connect();
  SSL_SESSION* const session = SSL_get1_session(stranger.client);
  CHECK(SSL_SESSION_get_max_early_data(session) == 0);
  // A client that does not care what the ticket says.
  SSL_SESSION_set_max_early_data(session, 1000);
  SSL_shutdown(stranger.client);
  stranger.begin(session);
  std::size_t written = 0;
  REQUIRE(SSL_write_early_data(stranger.client, "GET /early", 10, &written) == 1);
  SSL_do_handshake(stranger.client);
  stranger.settle();
  CHECK(SSL_get_early_data_status(stranger.client) != SSL_EARLY_DATA_ACCEPTED);
  stranger.say("late");
  CHECK(stranger.text == "late");
  SSL_SESSION_free(session);
}

}  // namespace
}  // namespace urb::tls
