// The master's handshakes where the kernel does the rest (kTLS): from an accepted socket to one
// that gives and takes plaintext, in whatever process. OpenSSL reads and writes the socket by
// itself. The ring says when there is something to do.
//
// A connection whose keys the kernel does not take both ways is closed, and counted.
#pragma once

#include <cstdint>
#include <optional>

#include "base/deadline_queue.hpp"
#include "base/slot_map.hpp"
#include "net/acceptor.hpp"
#include "net/lingering_close.hpp"
#include "net/write_wait.hpp"
#include "stats/counters.hpp"
#include "tls/kernel.hpp"
#include "tls/serving.hpp"
#include "uring/operations.hpp"
#include "uring/ring.hpp"
#include "uring/socket.hpp"

namespace urb {

/// What becomes of a socket whose handshake is over.
struct HandshakeInto {
  AcceptInto kind = AcceptInto::descriptor;  ///< a slot is one of the ring's file table
  bool blocks = true;  ///< of a descriptor: without O_NONBLOCK, which the handshake needs
};

class Handshaker {
 public:
  /// `serving` outlives it. `failures` sees off clients that did it wrong: it ends without TLS, and
  /// its completions go there. Throws Unsupported, UsageError.
  Handshaker(Ring& ring, std::uint8_t owner, LingeringClose& failures, Counters& counters,
             const tls::Serving& serving, std::size_t capacity, HandshakeInto into);

  /// Takes an accepted TCP socket with O_NONBLOCK, from which nobody has read.
  void begin(Socket socket) noexcept;
  /// The connection whose handshake this completion has ended, or a socket that is not open.
  [[nodiscard]] Socket on_completion(const Completion& done) noexcept;
  [[nodiscard]] Nanos next_deadline() const noexcept { return deadlines_.next(); }
  void on_deadline(Nanos now) noexcept;
  /// Closes all: no byte of HTTP has come from them.
  void begin_stop() noexcept;
  void cut_off() noexcept { begin_stop(); }
  [[nodiscard]] bool is_idle() const noexcept { return clients_.size() == 0; }

 private:
  enum class Op : std::uint8_t {
    poll,
    wait,     ///< until the client takes bytes
    install,  ///< into the ring's file table
  };
  struct Client : OperationSlot<Op> {
    Client(Socket its_socket, tls::Context& context) noexcept
        : socket{std::move(its_socket)}, handshake{std::in_place, context, socket.fd()} {}
    Socket socket;
    std::optional<tls::KernelHandshake> handshake;  ///< until it is over
    int slot = 0;                                   ///< a descriptor, then what it has become
    bool is_closing = false;                        ///< waits for the last completion
    WriteWait write_wait;
    Deadline<Client> deadline;
    ListHook<Client> deadline_hook;
  };
  [[nodiscard]] Socket advance(Client& client) noexcept;
  [[nodiscard]] Socket on_done(Client& client) noexcept;
  [[nodiscard]] Socket on_installed(Client& client, int result) noexcept;
  void arm_poll(Client& client) noexcept;
  void wait(Client& client) noexcept;
  [[nodiscard]] bool on_wait(Client& client, const Completion& done) noexcept;
  void close(Client& client) noexcept;

  Ring& ring_;
  Operations<Op> operations_;
  LingeringClose& failures_;
  Counters& counters_;
  HandshakeInto into_;
  tls::Context context_;
  DeadlineQueue<Client, 1> deadlines_;
  SlotMap<Client> clients_;
  bool stopping_ = false;
};

}  // namespace urb
