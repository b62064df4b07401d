// Hand-over with a kernel that refuses, is slow, or answers in another order.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "fault/made_up_kernel.hpp"
#include "net/handover.hpp"
#include "support/open_fds.hpp"

namespace urb {
namespace {

using test::MadeUpKernel;
using test::Request;

TEST_SUITE_BEGIN("fault");

constexpr std::uint8_t kOwner = 9;
constexpr std::uint32_t kBuffers = 300;

struct SenderRig {
  Counters counters;
  MadeUpKernel kernel;
  BufferPool pool{kernel.ring(), {BufferKind::plain, kBuffers, 4096, 0}};
  std::array<int, 2> channels{-1, -1};  // nothing is really sent
  HandoverSender sender{kernel.ring(), kOwner, channels, counters, 1024};
  std::size_t fds_idle = test::open_fd_count();

  /// A socket to give away, and its number.
  Fd socket() { return test::make_stream_pair().near; }
  void give(unsigned worker, int count) {
    for (int index = 0; index < count; ++index) sender.give(worker, socket());
  }
  /// Closes what a message had, in the order given by `backwards`.
  void finish_closes(std::size_t expected, bool backwards = false) {
    std::vector<Request> closes = kernel.take();
    REQUIRE(closes.size() == expected);
    if (backwards) std::reverse(closes.begin(), closes.end());
    for (const Request& close : closes) sender.on_completion(close.closes());
  }
  void expect_idle() {
    CHECK(sender.is_idle());
    CHECK(kernel.has_none());
    CHECK(test::open_fd_count() == fds_idle);
    CHECK(pool.free_count() == pool.buffer_count());
  }
};

TEST_CASE("handover: what is given in one batch shares a message per worker") {
  SenderRig rig;
  rig.give(0, 3);
  rig.give(1, 2);
  CHECK(rig.kernel.has_none());  // not before the flush
  CHECK_FALSE(rig.sender.is_idle());
  rig.sender.flush();
  const std::vector<Request> sends = rig.kernel.take();
  REQUIRE(sends.size() == 2);
  CHECK(sends[0].bytes() == sizeof(HandoverHeader));
  CHECK((sends[0].io_flags & MSG_NOSIGNAL) != 0);
  // The sockets stay open until the channel has them.
  CHECK(test::open_fd_count() == rig.fds_idle + 5);
  rig.sender.on_completion(sends[1].done_fully());
  rig.finish_closes(2);
  rig.sender.on_completion(sends[0].done_fully());
  rig.finish_closes(3, /*backwards=*/true);
  rig.expect_idle();
  CHECK(rig.counters.handover_messages.get() == 2);
  CHECK(rig.counters.handover_connections.get() == 5);
  CHECK(rig.counters.connections_closed.get() == 5);
  CHECK(rig.counters.handover_errors.get() == 0);
}

TEST_CASE("handover: while a worker is slow, batches grow instead of messages") {
  SenderRig rig;
  rig.give(0, 1);
  rig.sender.flush();
  const Request first = rig.kernel.take_one(IORING_OP_SENDMSG);
  rig.give(0, 40);
  rig.sender.flush();
  CHECK(rig.kernel.has_none());
  rig.sender.on_completion(first.done_fully());
  rig.finish_closes(1);
  rig.sender.flush();
  const Request second = rig.kernel.take_one(IORING_OP_SENDMSG);
  rig.sender.flush();
  CHECK(rig.kernel.has_none());
  rig.sender.on_completion(second.done_fully());
  rig.finish_closes(kHandoverFdsMax);
  rig.sender.flush();
  rig.sender.on_completion(rig.kernel.take_one(IORING_OP_SENDMSG).done_fully());
  rig.finish_closes(40 - kHandoverFdsMax);
  rig.expect_idle();
  CHECK(rig.counters.handover_messages.get() == 3);
  CHECK(rig.counters.handover_connections.get() == 41);
}

TEST_CASE("handover: a slow worker does not hold up the others") {
  SenderRig rig;
  rig.give(0, 1);
  rig.sender.flush();
  const Request slow = rig.kernel.take_one(IORING_OP_SENDMSG);
  rig.give(0, 1);
  rig.give(1, 1);
  rig.sender.flush();
  const Request other = rig.kernel.take_one(IORING_OP_SENDMSG);
  rig.sender.on_completion(other.done_fully());
  rig.finish_closes(1);
  CHECK_FALSE(rig.sender.is_idle());
  rig.sender.on_completion(slow.done_fully());
  rig.finish_closes(1);
  rig.sender.flush();
  rig.sender.on_completion(rig.kernel.take_one(IORING_OP_SENDMSG).done_fully());
  rig.finish_closes(1);
  rig.expect_idle();
}

TEST_CASE("handover: sockets that the channel refuses are closed and counted, not lost") {
  for (const int error : {-EPIPE, -ECONNRESET, -ETOOMANYREFS, -ECANCELED, -ENOBUFS, -EAGAIN}) {
    CAPTURE(error);
    SenderRig rig;
    rig.give(0, 3);
    rig.sender.flush();
    rig.sender.on_completion(rig.kernel.take_one(IORING_OP_SENDMSG).done(error));
    rig.finish_closes(3);
    rig.expect_idle();
    CHECK(rig.counters.handover_errors.get() == 3);
    CHECK(rig.counters.handover_messages.get() == 0);
    CHECK(rig.counters.handover_connections.get() == 0);
    CHECK(rig.counters.connections_closed.get() == 3);
    rig.give(0, 1);  // and the next one is tried: a worker may be replaced
    rig.sender.flush();
    rig.sender.on_completion(rig.kernel.take_one(IORING_OP_SENDMSG).done_fully());
    rig.finish_closes(1);
    rig.expect_idle();
  }
}

TEST_CASE("handover: the bytes stay where they are until the send has ended, then go back") {
  for (const bool succeeds : {true, false}) {
    SenderRig rig;
    BufferLease lease = rig.pool.try_take();
    const Fd refused = rig.sender.give_with_bytes(0, rig.socket(), std::move(lease), 5, 105);
    CHECK_FALSE(refused.is_open());
    const Request send = rig.kernel.take_one(IORING_OP_SENDMSG);
    CHECK(send.bytes() == sizeof(HandoverHeader) + 100);
    CHECK(rig.pool.free_count() == kBuffers - 1);
    rig.sender.on_completion(send.done(succeeds ? static_cast<int>(send.bytes()) : -EPIPE));
    CHECK(rig.pool.free_count() == kBuffers);
    rig.finish_closes(1);
    rig.expect_idle();
    CHECK(rig.counters.handover_errors.get() == (succeeds ? 0 : 1));
  }
}

TEST_CASE("handover: sockets with bytes do not wait for each other, nor for those without") {
  SenderRig rig;
  rig.give(0, 1);
  rig.sender.flush();
  CHECK(rig.kernel.take_one().is(IORING_OP_SENDMSG));
  std::vector<Request> sends;
  for (int count = 0; count < 3; ++count) {
    const Fd refused = rig.sender.give_with_bytes(0, rig.socket(), rig.pool.try_take(), 0, 1);
    CHECK_FALSE(refused.is_open());
    sends.push_back(rig.kernel.take_one(IORING_OP_SENDMSG));
  }
  // A message with bytes ends: that says nothing about the one without, which is still under way.
  rig.sender.on_completion(sends[1].done_fully());
  rig.finish_closes(1);
  rig.give(0, 1);
  rig.sender.flush();
  CHECK(rig.kernel.has_none());
  for (const int index : {2, 0}) {
    rig.sender.on_completion(sends[static_cast<std::size_t>(index)].done_fully());
    rig.finish_closes(1);
  }
  CHECK(rig.pool.free_count() == kBuffers);
}

TEST_CASE("handover: with every message under way, the socket comes back to the caller") {
  SenderRig rig;
  std::vector<Request> sends;
  Fd back;
  while (!back.is_open()) {
    REQUIRE(sends.size() < 1000);
    back = rig.sender.give_with_bytes(0, rig.socket(), rig.pool.try_take(), 0, 1);
    if (!back.is_open()) sends.push_back(rig.kernel.take_one(IORING_OP_SENDMSG));
  }
  CHECK(sends.size() == 256);
  CHECK(test::is_open(back.get()));
  rig.give(1, 1);
  rig.sender.flush();  // no message for it either: it waits
  CHECK(rig.kernel.has_none());
  rig.sender.on_completion(sends[7].done_fully());
  rig.finish_closes(1);
  rig.sender.flush();
  sends[7] = rig.kernel.take_one(IORING_OP_SENDMSG);
  for (const Request& send : sends) {
    rig.sender.on_completion(send.done(-EPIPE));
    rig.finish_closes(1);
  }
  back.close();
  rig.expect_idle();
}

}  // namespace
}  // namespace urb
