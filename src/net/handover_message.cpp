// Reading of the fixed part, every field checked.
#include "net/handover_message.hpp"

#include <sys/socket.h>

#include <cstring>

namespace urb {

std::optional<HandoverHeader> decode_handover(std::span<const std::byte> message,
                                              unsigned flags) noexcept {
  HandoverHeader header;
  if ((flags & MSG_TRUNC) != 0 || message.size() < sizeof header) return {};
  std::memcpy(&header, message.data(), sizeof header);
  if (header.magic != HandoverHeader::kMagic || header.reserved != 0) return {};
  if (header.fd_count == 0 || header.fd_count > kHandoverFdsMax) return {};
  if (header.prefix_bytes > kHandoverPrefixMax) return {};
  if (header.prefix_bytes != message.size() - sizeof header) return {};
  return header;
}

}  // namespace urb
