// linked: hard-linked splice SQEs, which io-wq runs back to back in one of its threads.
//
// Hard links, because a short splice counts as a failed request and would break a soft link
// (liburing#248); short is the normal case here. SPLICE_F_NONBLOCK on both hops, because a full
// pipe would make the first wait for the second, and an empty one the second for a writer.
#include <fcntl.h>

#include <algorithm>

#include "net/relay.hpp"

namespace urb {
/// Queues one chain of two or three SQEs: a poll where one is due, then one hop, or half a hop when
/// bytes are in the pipe. The pipe stays the transfer's until the last completion of them. Two or
/// four hops in one chain were no faster (measured on 6.18).
void Relay::queue_hop(Transfer& transfer) noexcept {
  const int into_pipe = transfer.pipe.write_end.get();
  const int out_of_pipe = transfer.pipe.read_end.get();
  const std::uint32_t capacity = transfer.pipe.capacity_bytes;
  // One submission for the whole chain, or the link between two of them is lost (liburing#247).
  ring_.reserve(3);
  if (transfer.in_transit() != 0) {
    if (!wait_for_target(transfer)) return;
    io_uring_prep_splice(operations_.arm(transfer, Op::splice_out), out_of_pipe, -1,
                         transfer.target, -1, capacity, SPLICE_F_NONBLOCK);
    return;
  }
  if (transfer.source_is_empty) {
    transfer.source_is_empty = false;
    arm_source_poll(transfer, IOSQE_IO_LINK);
  }
  // Never more than the transfer's own bytes: the next request may be right behind them.
  transfer.asked = static_cast<std::uint32_t>(std::min<std::uint64_t>(transfer.unread, capacity));
  io_uring_sqe* const in = operations_.arm(transfer, Op::splice_in);
  io_uring_prep_splice(in, transfer.source, -1, into_pipe, -1, transfer.asked, SPLICE_F_NONBLOCK);
  io_uring_sqe_set_flags(in, IOSQE_IO_HARDLINK);
  io_uring_prep_splice(operations_.arm(transfer, Op::splice_out), out_of_pipe, -1, transfer.target,
                       -1, transfer.asked, SPLICE_F_NONBLOCK);
}

}  // namespace urb
