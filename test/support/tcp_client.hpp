// A blocking TCP client that says exactly the bytes a test wants to say, and reads HTTP responses
// with a parser of its own: the one under test must not be its own judge.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/fd.hpp"
#include "support/deadline.hpp"
#include "tls/outbox.hpp"

namespace urb::test {

/// The peer did something that no client would understand, or nothing at all in time.
class ClientError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Nothing in time.
class ClientTimeout : public ClientError {
 public:
  using ClientError::ClientError;
};

struct Response {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case, each at most once
  std::string body;

  /// Empty when there is none.
  [[nodiscard]] std::string header(const std::string& name) const;
};

class TcpClient {
 public:
  /// Clients that are made from now on do TLS, and connect by a whole handshake.
  static void use_tls();

  /// Connects, with TCP_NODELAY. Throws SysError.
  explicit TcpClient(const Address& server);
  /// The same with a small receive buffer, for clients that are slow to read.
  TcpClient(const Address& server, int receive_buffer_bytes);
  /// The same without TLS, whatever other clients do.
  struct Raw {};
  TcpClient(const Address& server, Raw);
  /// How a client does TLS, where clients do it.
  struct Handshake {
    std::string name = {};  ///< that it asks for
    /// Otherwise the constructor returns when the hello is sent. What is sent meanwhile goes out
    /// behind the handshake, which goes on while input is awaited.
    bool waits = true;
    std::size_t first_bytes = 0;  ///< of the hello; the others follow in a packet of their own
  };
  TcpClient(const Address& server, const Handshake& handshake);

  /// Sends all of it. Throws ClientError when the peer does not take it.
  void send(std::string_view bytes);
  /// Sends what the peer takes; false when it ended the connection first.
  [[nodiscard]] bool try_send(std::string_view bytes);
  /// Sends, then waits until the peer has read it: the next bytes come in another read of its.
  void send_and_let_read(std::string_view bytes);

  /// Sends what the socket gets in pieces of `piece` bytes, sealed where there is TLS, each on its
  /// way before the next.
  void send_in_pieces(std::string_view bytes, std::size_t piece);

  /// With TLS: changes a byte of what is sent next, once it is sealed.
  void spoil_next() noexcept { spoils_next_ = true; }
  /// Half-close: the peer reads the end, and can still send.
  void end_sending();
  /// Ends the connection by a reset.
  void reset();

  /// Reads one response, final or interim. Checks its form: status line, header lines, and for a
  /// final one exactly one Date and one Content-Length. `to_head`: the body is not sent.
  [[nodiscard]] Response read_response(bool to_head = false);
  /// Reads until the peer ends the connection: all its responses. To a HEAD no body comes, and what
  /// it was is not known here: a response that is followed by another one's head has none.
  [[nodiscard]] std::vector<Response> read_to_end();
  /// Whether the end that a read has met was a reset.
  [[nodiscard]] bool was_reset() const noexcept { return was_reset_; }
  /// True when the peer ends the connection in time without another byte.
  [[nodiscard]] bool is_closed_by_peer();
  /// True when a byte, or the end, is there within `patience`.
  [[nodiscard]] bool has_input(Nanos patience);

  [[nodiscard]] int fd() const noexcept { return socket_.get(); }
  /// With TLS: the peer has said that nothing follows. Without it, true.
  [[nodiscard]] bool has_clean_end() const noexcept {
    return !tls_ || tls_->state() == tls::State::ended;
  }

 private:
  TcpClient(const Address& server, int receive_buffer_bytes,
            const std::optional<Handshake>& handshake);
  void shake_hands(const Handshake& handshake);
  [[nodiscard]] bool is_handshaking() const noexcept {
    return tls_ && tls_->state() == tls::State::handshaking;
  }
  void go_on_with_handshake();
  [[nodiscard]] bool send_raw(std::string_view bytes);
  [[nodiscard]] bool send_output();
  /// Receives more; false at the end of the connection.
  [[nodiscard]] bool receive_more();
  [[nodiscard]] std::string take(std::size_t bytes);

  Fd socket_;
  std::optional<tls::Connection> tls_;
  Address server_;
  Address local_;
  std::uint64_t sent_bytes_ = 0;
  std::string received_;
  std::string early_;  ///< to be sent behind the handshake
  bool was_reset_ = false;
  bool spoils_next_ = false;
};

}  // namespace urb::test
