// Tries of what receives, waits and questions may have.
#include <liburing.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#if __has_include(<liburing/io_uring/query.h>)
#include <liburing/io_uring/query.h>
#endif

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "uring/feature_tries.hpp"
#include "uring/features.hpp"
#include "uring/iowait.hpp"
#include "uring/try_ring.hpp"

namespace urb {
namespace {

constexpr unsigned kPage = 4096;

TryRing::Done receive_registered(TryRing& ring, const Fd& socket, std::byte* into) {
  io_uring_sqe* const sqe = ring.sqe();
  io_uring_prep_recv(sqe, socket.get(), into, 1, 0);
  sqe->ioprio |= IORING_RECVSEND_FIXED_BUF;
  sqe->buf_index = 0;
  return ring.next(kCertain);
}

}  // namespace

// A kernel that ignored the flag would receive anywhere, so one byte outside must be refused.
bool can_receive_registered() {
  TryRing ring{0};
  std::vector<std::byte> memory(2 * kPage);
  const iovec first{memory.data(), kPage};
  if (io_uring_register_buffers(ring.raw(), &first, 1) != 0) return false;
  const Pair pair = make_pair_of_sockets();
  check(send(pair.far.get(), "x", 1, MSG_NOSIGNAL), "send");
  if (receive_registered(ring, pair.near, memory.data() + kPage).result >= 0) return false;
  return receive_registered(ring, pair.near, memory.data()).result == 1 &&
         memory.front() == std::byte{'x'};
}

bool can_receive_incrementally() {
  TryRing ring{0};
  int error = 0;
  io_uring_buf_ring* const buffers =
      io_uring_setup_buf_ring(ring.raw(), 1, 0, IOU_PBUF_RING_INC, &error);
  if (buffers == nullptr) return false;
  std::vector<std::byte> memory(kPage);
  io_uring_buf_ring_add(buffers, memory.data(), kPage, 0, io_uring_buf_ring_mask(1), 0);
  io_uring_buf_ring_advance(buffers, 1);
  const Pair pair = make_pair_of_sockets();
  io_uring_sqe* const sqe = ring.sqe();
  io_uring_prep_recv_multishot(sqe, pair.near.get(), nullptr, 0, 0);
  io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
  sqe->buf_group = 0;
  bool follows = true;
  TryRing::Done done{0, true, 0};
  for (const char* const byte : {"x", "y"}) {
    if (!follows) break;
    check(send(pair.far.get(), byte, 1, MSG_NOSIGNAL), "send");
    done = ring.next(kCertain);
    follows = done.result == 1 && done.more && (done.flags & IORING_CQE_F_BUF_MORE) != 0;
  }
  // Ends the receive, and its completion comes, before its memory goes.
  shutdown(pair.near.get(), SHUT_RDWR);
  if (done.more) ring.next(kCertain);
  io_uring_free_buf_ring(ring.raw(), buffers, 1, 0);
  return follows && memory[0] == std::byte{'x'} && memory[1] == std::byte{'y'};
}

bool can_wait_as_idle() {
  TryRing ring{0};
  return ring.result() == 0 && count_waits_as_idle(ring.raw()) && ring.try_enter() == 0;
}

std::optional<KernelAnswer> query_kernel() noexcept {
#if __has_include(<liburing/io_uring/query.h>)
  io_uring_query_opcode answer{};
  io_uring_query_hdr question{};
  question.query_data = reinterpret_cast<std::uintptr_t>(&answer);
  question.query_op = IO_URING_QUERY_OPCODES;
  question.size = sizeof answer;
  // No ring: the question is not about one.
  const long result = syscall(SYS_io_uring_register, -1, IORING_REGISTER_QUERY, &question, 0);
  if (result != 0 || question.result < 0 || answer.nr_request_opcodes == 0) return std::nullopt;
  return KernelAnswer{answer.nr_request_opcodes, answer.nr_register_opcodes, answer.feature_flags,
                      answer.ring_setup_flags,   answer.enter_flags,         answer.sqe_flags};
#else
  return std::nullopt;
#endif
}

}  // namespace urb
