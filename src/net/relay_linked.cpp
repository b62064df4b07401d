// linked: hard-linked splice SQEs, which io-wq runs back to back in one of its threads.
//
// Hard links, because a short splice counts as a failed request and would break a soft link
// (liburing#248); short is the normal case here. SPLICE_F_NONBLOCK on both hops, because a full
// pipe would make the first wait for the second, and an empty one the second for a writer.
#include <fcntl.h>

#include <algorithm>

#include "net/relay.hpp"

namespace urb {
namespace {

constexpr unsigned kHopsPerChain = 1;

}  // namespace

/// Queues one chain: at most one poll, then splices. The pipe stays the transfer's until the last
/// completion of them.
void Relay::queue_hops(Transfer& transfer) noexcept {
  const int into_pipe = transfer.pipe.write_end.get();
  const int out_of_pipe = transfer.pipe.read_end.get();
  const std::uint32_t capacity = transfer.pipe.capacity_bytes;
  // One submission for the whole chain, or the link between two of them is lost (liburing#247).
  ring_.reserve(1 + 2 * kHopsPerChain);
  if (transfer.in_transit() != 0) {
    arm_poll(Op::poll_target, transfer, IOSQE_IO_LINK);
    io_uring_prep_splice(arm(Op::splice_out, transfer), out_of_pipe, -1, transfer.target, -1,
                         capacity, SPLICE_F_NONBLOCK);
    return;
  }
  if (transfer.source_is_empty) {
    transfer.source_is_empty = false;
    arm_poll(Op::poll_source, transfer, IOSQE_IO_LINK);
  }
  std::uint64_t unasked = transfer.unread;
  for (unsigned hop = 0; hop < kHopsPerChain && unasked != 0; ++hop) {
    // Never more than the transfer's own bytes: the next request may be right behind them.
    const auto asked = static_cast<unsigned>(std::min<std::uint64_t>(unasked, capacity));
    unasked -= asked;
    transfer.asked = asked;
    io_uring_sqe* const in = arm(Op::splice_in, transfer);
    io_uring_prep_splice(in, transfer.source, -1, into_pipe, -1, asked, SPLICE_F_NONBLOCK);
    io_uring_sqe_set_flags(in, IOSQE_IO_HARDLINK);
    io_uring_sqe* const out = arm(Op::splice_out, transfer);
    io_uring_prep_splice(out, out_of_pipe, -1, transfer.target, -1, capacity, SPLICE_F_NONBLOCK);
    if (hop + 1 < kHopsPerChain && unasked != 0) io_uring_sqe_set_flags(out, IOSQE_IO_HARDLINK);
  }
}

}  // namespace urb
