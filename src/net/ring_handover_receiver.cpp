// Direct descriptors that another ring has put into this one's table.
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/error.hpp"
#include "net/ring_handover.hpp"

namespace urb {
namespace {

// As many as there are blocks: then all of them can be taken over at once. Untouched, they cost
// nothing.
constexpr std::uint32_t kBufferCount = SharedBlocks::kCount;

}  // namespace

RingHandoverReceiver::RingHandoverReceiver(Ring& ring, std::span<std::byte> shared) : ring_{ring} {
  waiting_.reserve(SharedBlocks::kCount);
  if (shared.empty()) return;
  blocks_.emplace(shared);
  pool_.emplace(ring, BufferPoolOptions{BufferKind::plain, kBufferCount,
                                        std::uint32_t{SharedBlocks::kBytesEach}, 0});
}

std::optional<RingHandoverReceiver::Received> RingHandoverReceiver::try_receive() noexcept {
  if (waiting_.empty()) return {};
  const Completion& done = waiting_.front();
  Received received;
  received.bytes = done.token.slot_index;
  if (received.bytes != 0) {
    URB_ASSERT(pool_ && received.bytes <= SharedBlocks::kBytesEach);
    received.lease = pool_->try_take();
    if (!received.lease.is_held()) return {};
    const auto bytes = blocks_->memory(done.token.generation).first(received.bytes);
    std::copy(bytes.begin(), bytes.end(), received.lease.memory().begin());
    blocks_->give_back(done.token.generation);
  }
  URB_ASSERT(done.result >= 0);  // the kernel posts the slot, or nothing
  received.socket = Socket{ring_, static_cast<std::uint32_t>(done.result)};
  waiting_.erase(waiting_.begin());
  return received;
}

}  // namespace urb
