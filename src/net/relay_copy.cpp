// copy: receive into a buffer, send from it.
#include <sys/socket.h>

#include <algorithm>
#include <span>

#include "net/relay.hpp"

namespace urb {

/// Queues one read into the lease or one send from it. The lease is the transfer's until then.
void Relay::queue_copy(Transfer& transfer) noexcept {
  const std::span<std::byte> memory = transfer.spare != nullptr
                                          ? std::span{transfer.spare.get(), buffers_.buffer_bytes()}
                                          : transfer.lease.memory();
  const std::uint64_t held = transfer.in_transit();
  if (held == 0) {
    if (transfer.source_is_empty) {
      // Only kernels that do not wait for O_NONBLOCK sockets themselves come here.
      transfer.source_is_empty = false;
      return arm_source_poll(transfer);
    }
    transfer.asked =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(transfer.unread, memory.size()));
    io_uring_sqe* const sqe = operations_.arm(transfer, Op::read);
    if (transfer.spare != nullptr) {
      io_uring_prep_recv(sqe, transfer.source, memory.data(), transfer.asked, 0);
    } else {
      buffers_.prep_read(sqe, transfer.source, memory.first(transfer.asked));
    }
    return;
  }
  if (transfer.target_is_full && !wait_for_target(transfer)) return;
  const auto unsent = memory.first(transfer.received).last(held);
  io_uring_prep_send(operations_.arm(transfer, Op::send), transfer.target, unsent.data(),
                     unsent.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace urb
