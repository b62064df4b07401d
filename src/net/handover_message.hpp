// What a hand-over message says, and whether it makes sense. Pure: the descriptors beside the
// bytes, and how they travel, are handover.hpp's matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace urb {

/// Most descriptors in one message. The kernel's limit is 253 (SCM_MAX_FD, unix(7)); beyond a few
/// the cost per descriptor no longer falls.
inline constexpr std::size_t kHandoverFdsMax = 32;
/// Most bytes already read that one message carries, the size of a head buffer's read area.
inline constexpr std::size_t kHandoverPrefixMax = 32 * 1024;

/// The fixed part of each message. Never empty: a zero-length message looks like the end.
struct HandoverHeader {
  static constexpr std::uint32_t kMagic = 0x55524231;  // "URB1"
  std::uint32_t magic = kMagic;
  std::uint32_t fd_count = 0;      ///< from 1
  std::uint32_t prefix_bytes = 0;  ///< follow the header; they belong to the first descriptor
  std::uint32_t reserved = 0;
};

/// The header of a whole received message and the `flags` of its recvmsg(2); nothing if no
/// HandoverSender has sent it like this.
[[nodiscard]] std::optional<HandoverHeader> decode_handover(std::span<const std::byte> message,
                                                            unsigned flags) noexcept;

}  // namespace urb
