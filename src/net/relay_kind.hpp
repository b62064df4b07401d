// The data paths of a proxying relay, by name.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace urb {

enum class RelayKind : std::uint8_t {
  linked,  ///< linked splice SQEs through a pipe
  sync,    ///< splice(2) through a pipe, on readiness
  copy,    ///< receive and send through a buffer
};
[[nodiscard]] std::string_view name_of(RelayKind relay) noexcept;
inline constexpr std::array kRelays{RelayKind::linked, RelayKind::sync, RelayKind::copy};

}  // namespace urb
