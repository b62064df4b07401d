// Faults that tests plant into workers, to see that a run finds them. All off, they cost a
// comparison for each piece of a body and for each close.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "http/request_parser.hpp"

namespace urb {

struct PlantedFaults {
  /// CPU time burned for nothing, per cent of what the worker uses: see CONTRIBUTING.md.
  double burn_percent = 0;
  // Bodies are left alone where X-Verify announces that somebody looks.
  bool drops_bodies = false;  ///< counts their bytes, and does not read them
  bool flips_bytes = false;   ///< one bit in a million bytes
  bool never_closes = false;  ///< announces that it closes, and keeps the connection

  [[nodiscard]] bool spoil_bodies() const noexcept { return drops_bodies || flips_bytes; }
};

/// What a worker with faults has instead of the bytes that came.
class SpoiledBytes {
 public:
  /// A copy of `bytes`, which are next for `parser`, with what of them is body spoiled as `faults`
  /// say. Valid until the next call.
  [[nodiscard]] std::span<const std::byte> make(std::span<const std::byte> bytes,
                                                const http::RequestParser& parser,
                                                const PlantedFaults& faults) {
    bytes_.assign(bytes.begin(), bytes.end());
    if (!parser.has_head() || parser.head().verify_crc32c) return bytes_;
    const std::uint64_t left = parser.head().content_length - parser.body_bytes();
    const auto body = std::span{bytes_}.first(std::min<std::uint64_t>(left, bytes_.size()));
    if (faults.drops_bodies) std::ranges::fill(body, std::byte{});
    if (faults.flips_bytes) flip(body);
    return bytes_;
  }

 private:
  static constexpr std::uint64_t kBytesBetween = 1'000'000;

  void flip(std::span<std::byte> body) noexcept {
    for (; until_flip_ < body.size(); until_flip_ += kBytesBetween) {
      body[until_flip_] ^= std::byte{1};
    }
    until_flip_ -= body.size();
  }

  std::vector<std::byte> bytes_;
  std::uint64_t until_flip_ = kBytesBetween;
};

}  // namespace urb
