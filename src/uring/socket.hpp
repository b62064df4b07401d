// Owner of a connected socket: an ordinary descriptor, or a direct one.
//
// A direct descriptor is a slot in the file table of one ring (io_uring_register_files_sparse(3)).
// It has no number that a system call would take: whatever is done with it is a request on its
// ring. So a borrowed socket is a `const Socket&`, not an int, and every request says which kind
// of number it names.
#pragma once

#include <cstdint>
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

  /// What io_uring_prep_*() takes for this socket; address() has to follow.
  [[nodiscard]] int number() const noexcept {
    return is_direct() ? static_cast<int>(slot_) : fd_.get();
  }
  /// Tells a prepared request which kind of number it has: after prep, which clears the flags.
  void address(io_uring_sqe* sqe) const noexcept {
    if (is_direct()) sqe->flags |= IOSQE_FIXED_FILE;
  }
  /// Prepares the close, which owns the socket from here on.
  void prep_close(io_uring_sqe* sqe) noexcept;
  /// shutdown(2). True for a direct socket, which needs a request for it, that completes with
  /// `token` and queues one SQE. The socket must not be closed before: an io-wq thread runs the
  /// request and looks up the slot only then (6.18), when another connection may have it.
  [[nodiscard]] bool shut_down(int how, Token token) const noexcept;
  /// SO_RCVLOWAT: when the socket counts as readable, from the next request on. `bytes` outlives
  /// the ring. A direct socket takes a request for it (6.7; before, it stays as it is), whose
  /// completion, with `token`, says nothing.
  void set_low_water(const int& bytes, Token token) const noexcept;
  /// Closes now, by a system call: for rare ends; the usual one is prep_close().
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
  Fd fd_;
  Ring* ring_ = nullptr;
  std::uint32_t slot_ = 0;
};

}  // namespace urb
