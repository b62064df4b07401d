// A relay whose requests go to the test: they are taken off the ring, so that the kernel never sees
// them, and each result is the test's choice; so is the order.
#pragma once

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "unit/net/relay_rig.hpp"

namespace urb::test {

inline constexpr int kSource = 1000;  // no descriptors
inline constexpr int kTarget = 1001;
inline constexpr std::uint32_t kPipeBytes = 64 * 1024;
inline constexpr std::uint64_t kBytes = 100'000;  // more than one pipe

struct Queued {
  std::uint8_t opcode;
  unsigned flags;
  std::uint32_t asked;
  std::uint64_t address;
  Token token;
};

/// A relay whose requests go to the test.
struct FaultRig : RelayRig {
  explicit FaultRig(RelayKind kind, std::uint32_t store_count = 8)
      : RelayRig{{.kind = kind, .buffer_count = store_count, .pipes = {store_count, kPipeBytes}}} {
    if (kind == RelayKind::linked) use_silent_source();
  }
  /// A source that is a socket, of which system calls say that it has nothing.
  void use_silent_source() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    silent = {Fd{Adopt{}, ends[0]}, Fd{Adopt{}, ends[1]}};
    source = ends[0];
  }
  std::array<Fd, 2> silent;
  int source = kSource;
  std::uint32_t begin(std::uint32_t cookie = 1, std::uint64_t bytes = kBytes) {
    const auto id = relay.begin(cookie, source, kTarget, bytes);
    REQUIRE(id.has_value());
    return *id;
  }
  /// What was queued since the last call. The kernel gets NOPs in its place, so that the ring's
  /// own accounts stay right.
  std::vector<Queued> take_queued() {
    std::vector<Queued> queued;
    io_uring_sq& sq = ring.raw()->sq;
    for (unsigned at = sq.sqe_head; at != sq.sqe_tail; ++at) {
      io_uring_sqe& sqe = sq.sqes[at & sq.ring_mask];
      queued.push_back({sqe.opcode, sqe.flags, sqe.len, sqe.addr, unpack(sqe.user_data)});
      io_uring_prep_nop(&sqe);
      io_uring_sqe_set_flags(&sqe, 0);
      io_uring_sqe_set_data64(&sqe, pack(queued.back().token));
    }
    std::array<Completion, 64> discarded;
    // Of detached requests the ring itself drops the completions.
    const auto expected = static_cast<std::size_t>(
        std::count_if(queued.begin(), queued.end(),
                      [](const Queued& request) { return request.token.owner != kDetachedOwner; }));
    ring.submit();
    for (std::size_t count = 0; count < expected; count += ring.collect(discarded)) {
      ring.submit_and_wait(kNever);
    }
    return queued;
  }
  void complete(const Queued& request, std::int32_t result, std::uint32_t flags = 0) {
    if (const auto end = relay.on_completion({request.token, result, flags})) ends.push_back(*end);
  }
  [[nodiscard]] TransferResult result() const {
    REQUIRE(ends.size() == 1);
    return ends.front().result;
  }
};

inline std::vector<std::uint8_t> opcodes(const std::vector<Queued>& queued) {
  std::vector<std::uint8_t> codes;
  for (const Queued& request : queued) codes.push_back(request.opcode);
  return codes;
}

using Codes = std::vector<std::uint8_t>;
inline const Codes kHop{IORING_OP_SPLICE, IORING_OP_SPLICE};
inline const Codes kPolledHop{IORING_OP_POLL_ADD, IORING_OP_SPLICE, IORING_OP_SPLICE};
inline const Codes kFlush{IORING_OP_POLL_ADD, IORING_OP_SPLICE};

/// The first hop of a fresh transfer without a poll in front.
inline std::vector<Queued> first_hop(FaultRig& rig) {
  std::vector<Queued> queued = rig.take_queued();
  if (queued.size() == 3) {
    rig.complete(queued[0], POLLIN);
    queued.erase(queued.begin());
  }
  REQUIRE(opcodes(queued) == kHop);
  return queued;
}

}  // namespace urb::test
