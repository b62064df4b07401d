// A loop of a ring that runs in the kernel: a program takes completions and submits what comes
// next, and the process sleeps in one io_uring_enter(2). Linux 7.1, io_uring/bpf-ops.c.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/fd.hpp"
#include "uring/ring.hpp"

namespace urb {

/// What the program and the process share.
struct RingLoopState {
  std::uint64_t buffer;  ///< its address
  std::uint64_t left;    ///< bytes that are still to be sent
  std::uint32_t buffer_bytes;
  std::uint32_t source;
  std::uint32_t target;
  std::uint32_t received;       ///< that the buffer holds
  std::uint32_t sent;           ///< of these
  std::uint32_t is_in_flight;   ///< a request is
  std::uint32_t request_count;  ///< since the loop was made
  std::int32_t error;           ///< why it stopped: 0, or a negative errno
};

/// Receives from one socket and sends on another, both of which block.
class RingLoop {
 public:
  /// `ring` outlives it, and is used by nobody else. Throws Unsupported without the kernel or the
  /// privilege for it.
  explicit RingLoop(Ring& ring);
  RingLoop(const RingLoop&) = delete;
  RingLoop& operator=(const RingLoop&) = delete;
  ~RingLoop();

  /// Moves `bytes` through `buffer`, by one io_uring_enter(2). Throws SysError, runtime_error.
  void copy(int source, int target, std::span<std::byte> buffer, std::uint64_t bytes);
  [[nodiscard]] std::uint64_t request_count() const noexcept;

 private:
  struct Unmap {
    void operator()(RingLoopState* state) const noexcept;
  };
  Ring& ring_;
  Fd state_map_;
  std::unique_ptr<RingLoopState, Unmap> state_;
  Fd program_;
  Fd operations_;  ///< the registration
};

}  // namespace urb
