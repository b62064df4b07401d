// FNV-1a, 64 bits: the hash of a routing key. It is not for anything that an attacker may choose.
#pragma once

#include <cstdint>
#include <string_view>

namespace urb::http {

inline constexpr std::uint64_t kFnvOffset = 0xcbf29ce484222325;

/// Continues `hash` (kFnvOffset to begin with) over `text`.
[[nodiscard]] constexpr std::uint64_t fnv1a(std::uint64_t hash, std::string_view text) noexcept {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace urb::http
