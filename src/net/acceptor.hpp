// A listening socket, and the accepting on it.
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.hpp"
#include "base/clock.hpp"
#include "base/fd.hpp"
#include "stats/counters.hpp"
#include "uring/operations.hpp"
#include "uring/ring.hpp"
#include "uring/socket.hpp"

namespace urb {

/// Binds and listens. TCP_NODELAY is set here, since accepted sockets inherit it. With
/// `share_port`, several listeners of this user take the same port and the kernel spreads
/// connections over them (SO_REUSEPORT). The file of a Unix socket on which nobody listens any more
/// is replaced; the new one is the caller's to remove. Throws SysError.
[[nodiscard]] Fd make_listener(const Address& address, bool share_port);

/// What accepting makes of a connection.
enum class AcceptInto : std::uint8_t {
  descriptor,
  slot,  ///< of the ring's file table: a direct descriptor, which no other process can be sent by
         ///< SCM_RIGHTS
};

/// Multishot accept, or one after the other where the kernel has no such, with a back-off: when
/// descriptors run out it waits instead of spinning.
class Acceptor {
 public:
  /// Borrows `listener`. `socket_flags` are for each accepted socket; SOCK_CLOEXEC is added where
  /// it is a descriptor.
  Acceptor(Ring& ring, std::uint8_t owner, int listener, int socket_flags, Counters& counters,
           AcceptInto into = AcceptInto::descriptor)
      : ring_{ring},
        operations_{ring, owner},
        listener_{listener},
        socket_flags_{socket_flags},
        into_{into},
        is_multishot_{ring.use(Feature::accept_multishot)},
        counters_{counters} {
    // Whoever accepts into slots has made sure of far more, see kRingHandoverNeeds.
    URB_ASSERT(into == AcceptInto::descriptor || is_multishot_);
  }

  void start() { arm(); }
  /// The accepted socket, if the completion brought one.
  [[nodiscard]] Socket on_completion(const Completion& done) noexcept;
  [[nodiscard]] Nanos next_deadline() const noexcept { return retry_at_; }
  void on_deadline(Nanos now) noexcept;
  /// Cancels; a socket that was accepted just before may still come.
  void begin_stop() noexcept;
  [[nodiscard]] bool is_idle() const noexcept { return stopping_ && slot_.in_flight.none(); }

 private:
  enum class Op : std::uint8_t { accept };
  void arm() noexcept;

  Ring& ring_;
  Operations<Op> operations_;
  OperationSlot<Op> slot_;
  int listener_;
  int socket_flags_;
  AcceptInto into_;
  bool is_multishot_;
  Counters& counters_;
  Nanos retry_at_ = kNever;
  bool stopping_ = false;
};

}  // namespace urb
