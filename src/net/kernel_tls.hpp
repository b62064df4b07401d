// Sockets whose records the kernel seals and opens (kTLS). Data comes and goes as without TLS. A
// record that is no data comes to no receive but RECVMSG with room for its type: all others say EIO
// for it, and a splice says EINVAL, as often as they are tried. The record stays (6.1 to 7.2).
#pragma once

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "uring/ring.hpp"
#include "uring/socket.hpp"

namespace urb {

/// Why this kernel seals no records, with the remedy; empty where it does. Tried on a connection of
/// its own, with the cipher of all servers (AES-128-GCM). The kernel may load modules for it.
[[nodiscard]] std::string find_kernel_tls_obstacle();

/// What a receive with room for a type has brought.
enum class RecordEvent : std::uint8_t {
  data,
  end,      ///< close_notify, or the end of the connection
  nothing,  ///< a warning, or nothing yet: receive again
  refused,  ///< KeyUpdate, or another handshake, which nobody here can do: send an alert, close
  failed,   ///< a fatal alert, a bad record, a broken connection
};

/// Whether what a receive has said is TLS's matter, and no reset: a bad record, or one behind a
/// KeyUpdate (EBADMSG; EMSGSIZE; EKEYEXPIRED from 7.2 on), or a record that is no data.
[[nodiscard]] constexpr bool is_of_tls(int result) noexcept {
  return result > 0 || result == -EBADMSG || result == -EMSGSIZE || result == -EKEYEXPIRED;
}

/// One receive of a record of any type. The kernel writes into it until the CQE.
class RecordReceive {
 public:
  /// Fills `sqe` with a RECVMSG. What there is beyond the first bytes goes into `rest`, which other
  /// receives may write into as well.
  void prep(io_uring_sqe* sqe, const Socket& from, std::span<std::byte> rest) noexcept;
  /// The same for a record that is no data, whose first bytes say all.
  void prep(io_uring_sqe* sqe, const Socket& from) noexcept { prep(sqe, from, {}); }
  void prep(io_uring_sqe* sqe, int fd) noexcept;
  /// The same at once, by recvmsg(2) with MSG_DONTWAIT. Returns the bytes, or -errno.
  [[nodiscard]] int receive_now(int fd, std::span<std::byte> into) noexcept;
  [[nodiscard]] int receive_now(int fd) noexcept;
  /// What `result` of the receive means.
  [[nodiscard]] RecordEvent event(int result) const noexcept;

 private:
  void set(std::span<std::byte> first, std::span<std::byte> rest) noexcept;

  std::array<std::byte, 16> first_{};  ///< bytes: of an alert, all
  std::array<iovec, 2> parts_{};
  msghdr message_{};
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(1)> control_{};
};

/// Our end (close_notify), for SENDMSG. It is the same for all connections, and lives for ever.
[[nodiscard]] const msghdr& end_message() noexcept;
/// A fatal alert (unexpected_message).
[[nodiscard]] const msghdr& refusal_message() noexcept;

}  // namespace urb
