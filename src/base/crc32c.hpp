// CRC-32C (Castagnoli), as iSCSI and RFC 3720 define it: the checksum of X-Verify.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace urb {

/// Continues `crc` (0 to begin with) over `bytes`.
[[nodiscard]] std::uint32_t crc32c(std::uint32_t crc, std::span<const std::byte> bytes) noexcept;

}  // namespace urb
