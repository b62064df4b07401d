// OpenSSL itself as a client over TCP, for what our own end of TLS would never do. Only where there
// is OpenSSL.
#pragma once

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "support/deadline.hpp"

namespace urb::test {

class OpensslClient {
 public:
  /// Connects. `connect_tls` then shakes hands.
  explicit OpensslClient(const Address& server, int version = TLS1_3_VERSION)
      : socket_{Adopt{}, check(::socket(server.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")},
        context_{SSL_CTX_new(TLS_client_method())} {
    const timeval patience{std::chrono::duration_cast<std::chrono::seconds>(kPatience).count(), 0};
    check(setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience),
          "setsockopt SO_RCVTIMEO");
    check(connect(socket_.get(), server.raw(), server.raw_bytes()), "connect");
    SSL_CTX_set_min_proto_version(context_, version);
    SSL_CTX_set_max_proto_version(context_, version);
    ssl = SSL_new(context_);
    SSL_set_fd(ssl, socket_.get());
  }
  OpensslClient(const OpensslClient&) = delete;
  OpensslClient& operator=(const OpensslClient&) = delete;
  ~OpensslClient() {
    SSL_free(ssl);
    SSL_CTX_free(context_);
  }

  [[nodiscard]] bool shake_hands() { return SSL_connect(ssl) == 1; }
  /// False when the peer has ended the connection.
  [[nodiscard]] bool send(std::string_view text) {
    return SSL_write(ssl, text.data(), static_cast<int>(text.size())) > 0;
  }
  /// Sends a KeyUpdate, with or without asking for the peer's.
  [[nodiscard]] bool update_keys(bool asks) {
    const int kind = asks ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED;
    return SSL_key_update(ssl, kind) == 1 && SSL_do_handshake(ssl) == 1;
  }
  /// True when something, or the end, is there within `patience`.
  [[nodiscard]] bool has_input(Nanos patience) const {
    pollfd ready{socket_.get(), POLLIN, 0};
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
    return check(poll(&ready, 1, static_cast<int>(ms)), "poll") != 0;
  }
  /// Everything up to the end of the connection.
  [[nodiscard]] std::string read_to_end() {
    std::string text;
    char memory[4096];
    for (int size = 0; (size = SSL_read(ssl, memory, sizeof memory)) > 0;)
      text.append(memory, size);
    return text;
  }

  SSL* ssl = nullptr;

 private:
  Fd socket_;
  SSL_CTX* context_;
};

}  // namespace urb::test
