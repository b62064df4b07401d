// The data paths of a proxying relay, by name.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace urb {

enum class RelayKind : std::uint8_t {
  linked,     ///< linked splice SQEs through a pipe
  sync,       ///< splice(2) through a pipe, on readiness
  copy,       ///< receive and send through a buffer
  automatic,  ///< "auto": `copy` for the last few bytes of a transfer, `sync` for more
};
[[nodiscard]] std::string_view name_of(RelayKind relay) noexcept;
/// Those that move all bytes in one way.
inline constexpr std::array kRelays{RelayKind::linked, RelayKind::sync, RelayKind::copy};

/// Bytes that `automatic` copies where nobody has measured it (decision 0014).
inline constexpr std::uint64_t kCopyMaxDefault = 4096;

}  // namespace urb
