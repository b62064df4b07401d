// Direct descriptors that another ring has put into this one's table, and the try-out of all of it.
#include <sys/socket.h>

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

void require_ring_handover() {
  const char* const kTooOld =
      "sockets cannot be sent to another process' ring (IORING_MSG_SEND_FD); Linux 6.3 or later is "
      "needed";
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  Fd near{Adopt{}, ends[0]};
  const Fd far{Adopt{}, ends[1]};
  Ring source{{8, 16}};
  Ring target{{8, 16}};
  source.make_file_table(1);
  target.make_file_table(1);
  int raw = near.get();
  if (io_uring_register_files_update(source.raw(), 0, &raw, 1) != 1) throw Unsupported(kTooOld);
  near.close();

  const Token posted{kMessageOwner, 0, 1, 2};
  io_uring_prep_msg_ring_fd_alloc(source.sqe({}), target.raw()->ring_fd, 0, pack(posted), 0);
  source.submit();
  // One thread has both rings, so the order is ours: the target's installs, the source's ends.
  std::array<Completion, 2> batch;
  const Nanos give_up = monotonic_now() + std::chrono::seconds{1};
  target.submit_and_wait(monotonic_now() + std::chrono::milliseconds{50});
  const std::size_t count = target.collect(batch);
  source.submit_and_wait(give_up);
  std::array<Completion, 2> ended;
  if (source.collect(ended) != 1 || ended[0].result < 0) throw Unsupported(kTooOld);
  if (count != 1 || batch[0].token != posted || batch[0].result != 0) throw Unsupported(kTooOld);

  // What came out is the socket that went in.
  const Socket received{target, 0};
  io_uring_sqe* const sqe = target.sqe({});
  io_uring_prep_send(sqe, received.number(), "x", 1, MSG_NOSIGNAL);
  received.address(sqe);
  target.submit_and_wait(give_up);
  char byte = 0;
  if (target.collect(ended) != 1 || recv(far.get(), &byte, 1, MSG_DONTWAIT) != 1 || byte != 'x') {
    throw Unsupported(kTooOld);
  }
  source.free_slot(0);
}

}  // namespace urb
