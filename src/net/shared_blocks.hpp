// Blocks of memory that a master and one worker share: what the master has read from a connection
// lies in one of them until the worker has taken it. For hand-overs that carry 64 bits and no bytes
// (IORING_OP_MSG_RING).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "net/handover_message.hpp"

namespace urb {

/// A view of memory that was mapped before the fork; both processes make one over the same bytes,
/// which are zero to begin with. The master takes blocks, either side gives them back.
class SharedBlocks {
 public:
  /// Untouched blocks cost no memory, so this only bounds how many hand-overs with bytes wait for
  /// one worker at once.
  static constexpr std::uint16_t kCount = 64;
  static constexpr std::size_t kBytesEach = kHandoverPrefixMax;

 private:
  struct Layout {
    // Apart from the blocks, so that looking for a free one touches no block.
    alignas(4096) std::array<std::atomic<bool>, kCount> is_taken;
    alignas(4096) std::array<std::array<std::byte, kBytesEach>, kCount> blocks;
  };
  static_assert(std::atomic<bool>::is_always_lock_free);  // shared between processes

 public:
  static constexpr std::size_t kMemoryBytes = sizeof(Layout);

  explicit SharedBlocks(std::span<std::byte> memory) noexcept;

  /// A block that nobody has; empty when there is none.
  [[nodiscard]] std::optional<std::uint16_t> try_take() noexcept;
  /// Its bytes, for whoever has it.
  [[nodiscard]] std::span<std::byte> memory(std::uint16_t block) const noexcept;
  void give_back(std::uint16_t block) noexcept;

 private:
  Layout* layout_;
  std::uint16_t next_ = 0;  ///< where to look first
};

}  // namespace urb
