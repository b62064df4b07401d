// Taking and giving back.
#include "net/shared_blocks.hpp"

#include "base/assert.hpp"

namespace urb {

SharedBlocks::SharedBlocks(std::span<std::byte> memory) noexcept
    : layout_{reinterpret_cast<Layout*>(memory.data())} {
  URB_ASSERT(memory.size() >= kMemoryBytes);
  URB_ASSERT(reinterpret_cast<std::uintptr_t>(memory.data()) % alignof(Layout) == 0);
}

std::optional<std::uint16_t> SharedBlocks::try_take() noexcept {
  for (std::uint16_t tries = 0; tries < kCount; ++tries) {
    const std::uint16_t block = next_;
    next_ = static_cast<std::uint16_t>((next_ + 1) % kCount);
    // Acquire: the worker has read what was in it before this process writes into it again.
    if (layout_->is_taken[block].load(std::memory_order_acquire)) continue;
    layout_->is_taken[block].store(true, std::memory_order_relaxed);
    return block;
  }
  return {};
}

std::span<std::byte> SharedBlocks::memory(std::uint16_t block) const noexcept {
  URB_ASSERT(block < kCount);
  return layout_->blocks[block];
}

void SharedBlocks::give_back(std::uint16_t block) noexcept {
  URB_ASSERT(block < kCount);
  layout_->is_taken[block].store(false, std::memory_order_release);
}

}  // namespace urb
