// sync: splice(2) in this thread, whenever the ring says that a socket is ready.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "net/relay.hpp"

namespace urb {
namespace {

// Bytes that a transfer may move before the others get their turn: a guess, a few pipes' worth.
constexpr std::uint64_t kTurnBytes = 4U << 20;

std::int32_t splice_now(int from, int to, std::uint64_t bytes) noexcept {
  // SPLICE_F_NONBLOCK is about the pipe, O_NONBLOCK of the socket about the socket.
  const ssize_t moved =
      splice(from, nullptr, to, nullptr, static_cast<std::size_t>(bytes), SPLICE_F_NONBLOCK);
  return moved >= 0 ? static_cast<std::int32_t>(moved) : -errno;
}

}  // namespace

/// Moves what is there and queues one poll, unless the transfer is over.
void Relay::pump(Transfer& transfer) noexcept {
  const std::uint64_t turn_ends = transfer.written + kTurnBytes;
  while (transfer.written < turn_ends) {
    if (transfer.in_transit() == 0) {
      transfer.asked = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(transfer.unread, transfer.pipe.capacity_bytes));
      on_moved_in(transfer,
                  splice_now(transfer.source, transfer.pipe.write_end.get(), transfer.asked));
      if (std::exchange(transfer.must_receive, false)) receive_other(transfer);
      if (transfer.source_ended) return;
      if (transfer.in_transit() == 0) break;
    }
    on_moved_out(transfer,
                 splice_now(transfer.pipe.read_end.get(), transfer.target, transfer.in_transit()),
                 counters_.sync_bytes);
    if (transfer.target_failed || transfer.left == 0) return;
    if (transfer.in_transit() != 0) return arm_target_poll(transfer, 0);
  }
  // An empty pipe is of use to the next transfer. After a full turn this poll completes at once,
  // behind the others' completions.
  give_back_store(transfer);
  wait_for_source(transfer);
}

}  // namespace urb
