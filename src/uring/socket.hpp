// Owner of a connected socket: an ordinary descriptor, or a direct one.
//
// A direct descriptor is a slot in the file table of one ring (io_uring_register_files_sparse(3)).
// It has no number that a system call would take: whatever is done with it is a request on its
// ring. So a borrowed socket is a `const Socket&`, not an int, and prepares its requests itself:
// nobody else sees the number of a slot, which as a descriptor would be a stranger's.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "base/assert.hpp"
#include "base/fd.hpp"
#include "uring/ring.hpp"

namespace urb {

class Socket {
 public:
  Socket() noexcept = default;
  /// Implicit: a descriptor is a socket.
  Socket(Fd fd) noexcept : fd_{std::move(fd)} {}  // NOLINT(google-explicit-constructor)
  /// Takes ownership of `slot` of the file table of `ring`, which outlives the socket.
  Socket(Ring& ring, std::uint32_t slot) noexcept : ring_{&ring}, slot_{slot} {}

  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  Socket(Socket&& other) noexcept
      : fd_{std::move(other.fd_)}, ring_{std::exchange(other.ring_, nullptr)}, slot_{other.slot_} {}
  Socket& operator=(Socket&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = std::move(other.fd_);
      ring_ = std::exchange(other.ring_, nullptr);
      slot_ = other.slot_;
    }
    return *this;
  }
  ~Socket() { close(); }

  [[nodiscard]] bool is_open() const noexcept { return is_direct() || fd_.is_open(); }
  [[nodiscard]] bool is_direct() const noexcept { return ring_ != nullptr; }

  // Each fills `sqe` with a request on this socket, of either kind.

  void prep_recv(io_uring_sqe* sqe, std::span<std::byte> into, int flags = 0) const noexcept {
    io_uring_prep_recv(sqe, number(), into.data(), into.size(), flags);
    address(sqe);
  }
  /// Sends what there is room for, and does not wait for more: see net/write_wait.hpp.
  void prep_send(io_uring_sqe* sqe, std::string_view bytes) const noexcept {
    io_uring_prep_send(sqe, number(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    address(sqe);
  }
  void prep_sendmsg(io_uring_sqe* sqe, const msghdr& message) const noexcept {
    io_uring_prep_sendmsg(sqe, number(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    address(sqe);
  }
  /// `message` takes what comes, until the CQE.
  void prep_recvmsg(io_uring_sqe* sqe, msghdr& message) const noexcept {
    io_uring_prep_recvmsg(sqe, number(), &message, 0);
    address(sqe);
  }
  void prep_poll(io_uring_sqe* sqe, unsigned events) const noexcept {
    io_uring_prep_poll_add(sqe, number(), events);
    address(sqe);
  }
  void prep_poll_multishot(io_uring_sqe* sqe, unsigned events) const noexcept {
    io_uring_prep_poll_multishot(sqe, number(), events);
    address(sqe);
  }
  /// For a direct socket, which shutdown(2) cannot reach. It must not be closed before: an io-wq
  /// thread runs the request and looks up the slot only then (6.18), when another connection may
  /// have it.
  void prep_shutdown(io_uring_sqe* sqe, int how) const noexcept {
    io_uring_prep_shutdown(sqe, number(), how);
    address(sqe);
  }
  /// SIOCOUTQ: the bytes that the peer has not taken yet (6.7).
  void prep_count_untaken(io_uring_sqe* sqe) const noexcept {
    io_uring_prep_cmd_sock(sqe, SOCKET_URING_OP_SIOCOUTQ, number(), 0, 0, nullptr, 0);
    address(sqe);
  }
  /// Puts a direct socket into the file table of another ring, whose descriptor is `target` and
  /// which gets a completion with `posted`. The socket here stays.
  void prep_send_to_ring(io_uring_sqe* sqe, int target, Token posted) const noexcept {
    URB_ASSERT(is_direct());
    io_uring_prep_msg_ring_fd_alloc(sqe, target, number(), pack(posted), 0);
  }
  /// Lets go of the socket, which the request owns from here on. On a descriptor, and where nobody
  /// else has the socket, that ends the connection. For a direct one see end().
  void prep_close(io_uring_sqe* sqe) noexcept;
  /// Ends the connection by requests of `ring`, which own the socket from here on.
  ///
  /// Before 6.13 a closed slot keeps its socket until all older requests of its ring on slots or
  /// registered buffers are over, those of other connections too ("io_uring/rsrc: get rid of
  /// per-ring io_rsrc_node list"). The peer would not hear of the end as long as another is silent.
  /// So there is a shutdown before the close.
  void end(Ring& ring) noexcept;

  /// SO_RCVLOWAT: when the socket counts as readable, from the next request on. `bytes` outlives
  /// the ring. A direct socket takes a request for it (6.7; before, it stays as it is).
  void set_low_water(const int& bytes) const noexcept;
  /// Ends the connection now, by a system call where one will do: for rare ends, see end().
  void close() noexcept;

  /// The ordinary descriptor that this socket is.
  [[nodiscard]] Fd take_fd() noexcept {
    URB_ASSERT(!is_direct());
    return std::move(fd_);
  }
  /// The same, borrowed.
  [[nodiscard]] int fd() const noexcept {
    URB_ASSERT(!is_direct());
    return fd_.get();
  }

 private:
  friend class BufferPool;  // which reads in its own ways
  [[nodiscard]] int number() const noexcept {
    return is_direct() ? static_cast<int>(slot_) : fd_.get();
  }
  /// Says which kind of number a request names: after io_uring_prep_*(), which clears the flags.
  void address(io_uring_sqe* sqe) const noexcept {
    if (is_direct()) sqe->flags |= IOSQE_FIXED_FILE;
  }

  Fd fd_;
  Ring* ring_ = nullptr;
  std::uint32_t slot_ = 0;
};

}  // namespace urb
