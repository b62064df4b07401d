// What brings bytes to a hop and takes them off: loopback TCP as its source, a unix socket as its
// target, and a process behind each. The one behind the target proves what came.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "base/fd.hpp"

namespace urb {

/// What its message says when a hop ends too early.
inline constexpr const char* kHopBroken =
    "a transfer failed: its peer has ended, or got other bytes than were sent";

/// A child process that runs `play` until it returns, which the caller's sockets have to make it
/// do by closing. The destructor waits for it.
class Peer {
 public:
  explicit Peer(const std::function<void()>& play);
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer();
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  pid_t pid_;
};

/// Both ends of both connections. Peers close what is not theirs, or they keep themselves alive.
struct HopEnds {
  Fd source_peer;
  Fd source;
  Fd target;
  Fd target_peer;
};
/// The target has room for 4 MiB, as between master and workers. All of them block.
[[nodiscard]] HopEnds make_hop_ends();
/// As the relay wants it. Throws SysError.
void set_non_blocking(int fd);

/// Marks each page of a stream with where it is, in a memory that is sent again and again.
inline constexpr std::size_t kStreamBytes = 1024 * 1024;
void fill_stream(std::span<std::byte> memory) noexcept;
/// Whether `bytes` can stand at `position` of that stream. It looks at one word of each page.
[[nodiscard]] bool is_of_stream(std::uint64_t position, std::span<const std::byte> bytes) noexcept;

/// Sends the stream until the other end closes.
void feed(int socket);
/// Reads until the other end closes, or a byte is wrong.
void drain(int socket);
/// Sends `bytes` of the stream for each byte that `orders` brings.
void feed_on_order(int socket, int orders, std::uint64_t bytes);
/// Reads as drain() does, and writes a byte to `reports` for each `bytes`.
void drain_and_report(int socket, int reports, std::uint64_t bytes);

}  // namespace urb
