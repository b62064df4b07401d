// Hand-over with a kernel that refuses, is slow, or answers in another order.
#include <doctest/doctest.h>

#include <vector>

#include "fault/sender_rig.hpp"

namespace urb {
namespace {

using test::Request;
using test::SenderRig;

TEST_SUITE_BEGIN("fault");

TEST_CASE("handover: what is given in one batch shares a message per worker") {
  SenderRig rig;
  rig.give(0, 3);
  rig.give(1, 2);
  CHECK(rig.kernel.has_none());  // not before the flush
  CHECK_FALSE(rig.sender.is_idle());
  rig.sender.on_batch_end();
  const std::vector<Request> sends = rig.kernel.take();
  REQUIRE(sends.size() == 2);
  CHECK(sends[0].bytes() == sizeof(HandoverHeader));
  CHECK((sends[0].io_flags & MSG_NOSIGNAL) != 0);
  // The sockets stay open until the channel has them.
  CHECK(test::open_fd_count() == rig.fds_idle + 5);
  rig.sender.on_completion(sends[1].done_fully());
  rig.finish_closes(2);
  rig.sender.on_completion(sends[0].done_fully());
  rig.finish_closes(3);
  rig.expect_idle();
  CHECK(rig.counters.handover_messages.get() == 2);
  CHECK(rig.counters.handover_connections.get() == 5);
  CHECK(rig.counters.connections_closed.get() == 5);
  CHECK(rig.counters.handover_errors.get() == 0);
}

TEST_CASE("handover: while a worker is slow, batches grow instead of messages") {
  SenderRig rig;
  rig.give(0, 1);
  rig.sender.on_batch_end();
  const Request first = rig.kernel.take_one(IORING_OP_SENDMSG);
  rig.give(0, 40);
  rig.sender.on_batch_end();
  CHECK(rig.kernel.has_none());
  rig.sender.on_completion(first.done_fully());
  rig.finish_closes(1);
  rig.sender.on_batch_end();
  const Request second = rig.kernel.take_one(IORING_OP_SENDMSG);
  rig.sender.on_batch_end();
  CHECK(rig.kernel.has_none());
  rig.sender.on_completion(second.done_fully());
  rig.finish_closes(kHandoverFdsMax);
  rig.sender.on_batch_end();
  rig.sender.on_completion(rig.kernel.take_one(IORING_OP_SENDMSG).done_fully());
  rig.finish_closes(40 - kHandoverFdsMax);
  rig.expect_idle();
  CHECK(rig.counters.handover_messages.get() == 3);
  CHECK(rig.counters.handover_connections.get() == 41);
}

TEST_CASE("handover: a slow worker does not hold up the others") {
  SenderRig rig;
  rig.give(0, 1);
  rig.sender.on_batch_end();
  const Request slow = rig.kernel.take_one(IORING_OP_SENDMSG);
  rig.give(0, 1);
  rig.give(1, 1);
  rig.sender.on_batch_end();
  const Request other = rig.kernel.take_one(IORING_OP_SENDMSG);
  rig.sender.on_completion(other.done_fully());
  rig.finish_closes(1);
  CHECK_FALSE(rig.sender.is_idle());
  rig.sender.on_completion(slow.done_fully());
  rig.finish_closes(1);
  rig.sender.on_batch_end();
  rig.sender.on_completion(rig.kernel.take_one(IORING_OP_SENDMSG).done_fully());
  rig.finish_closes(1);
  rig.expect_idle();
}

TEST_CASE("handover: sockets that the channel refuses are closed and counted, not lost") {
  for (const int error : {-ETOOMANYREFS, -ECANCELED, -ENOBUFS, -ENOMEM}) {
    CAPTURE(error);
    SenderRig rig;
    rig.give(0, 3);
    rig.sender.on_batch_end();
    rig.sender.on_completion(rig.kernel.take_one(IORING_OP_SENDMSG).done(error));
    rig.finish_closes(3);
    rig.expect_idle();
    CHECK(rig.counters.handover_errors.get() == 3);
    CHECK(rig.counters.in_flight_fds_exhausted.get() == (error == -ETOOMANYREFS ? 1 : 0));
    const bool is_memory = error == -ENOBUFS || error == -ENOMEM;
    CHECK(rig.counters.kernel_memory_exhausted.get() == (is_memory ? 1 : 0));
    CHECK(rig.counters.handover_messages.get() == 0);
    CHECK(rig.counters.handover_connections.get() == 0);
    CHECK(rig.counters.connections_closed.get() == 3);
    rig.give(0, 1);  // and the next one is tried
    rig.sender.on_batch_end();
    rig.sender.on_completion(rig.kernel.take_one(IORING_OP_SENDMSG).done_fully());
    rig.finish_closes(1);
    rig.expect_idle();
  }
}

TEST_CASE("handover: the bytes stay where they are until the send has ended, then go back") {
  for (const bool succeeds : {true, false}) {
    SenderRig rig;
    BufferLease lease = rig.pool.try_take();
    const Socket refused = rig.sender.give_with_bytes(0, rig.socket(), std::move(lease), 5, 105);
    CHECK_FALSE(refused.is_open());
    const Request send = rig.kernel.take_one(IORING_OP_SENDMSG);
    CHECK(send.bytes() == sizeof(HandoverHeader) + 100);
    CHECK(rig.pool.free_count() == test::kSenderBuffers - 1);
    rig.sender.on_completion(send.done(succeeds ? static_cast<int>(send.bytes()) : -ENOBUFS));
    CHECK(rig.pool.free_count() == test::kSenderBuffers);
    rig.finish_closes(1);
    rig.expect_idle();
    CHECK(rig.counters.handover_errors.get() == (succeeds ? 0 : 1));
  }
}

TEST_CASE("handover: sockets with bytes do not wait for each other, nor for those without") {
  SenderRig rig;
  rig.give(0, 1);
  rig.sender.on_batch_end();
  CHECK(rig.kernel.take_one().is(IORING_OP_SENDMSG));
  std::vector<Request> sends;
  for (int count = 0; count < 3; ++count) {
    const Socket refused = rig.sender.give_with_bytes(0, rig.socket(), rig.pool.try_take(), 0, 1);
    CHECK_FALSE(refused.is_open());
    sends.push_back(rig.kernel.take_one(IORING_OP_SENDMSG));
  }
  // A message with bytes ends: that says nothing about the one without, which is still under way.
  rig.sender.on_completion(sends[1].done_fully());
  rig.finish_closes(1);
  rig.give(0, 1);
  rig.sender.on_batch_end();
  CHECK(rig.kernel.has_none());
  for (const int index : {2, 0}) {
    rig.sender.on_completion(sends[static_cast<std::size_t>(index)].done_fully());
    rig.finish_closes(1);
  }
  CHECK(rig.pool.free_count() == test::kSenderBuffers);
}

TEST_CASE("handover: what a dead worker refuses goes to its replacement, in order") {
  for (const bool is_replaced_first : {false, true}) {
    CAPTURE(is_replaced_first);
    SenderRig rig;
    rig.give(0, 2);
    rig.sender.on_batch_end();
    const Request unread = rig.kernel.take_one(IORING_OP_SENDMSG);
    CHECK_FALSE(rig.sender.give_with_bytes(0, rig.socket(), rig.pool.try_take(), 0, 7).is_open());
    const Request with_bytes = rig.kernel.take_one(IORING_OP_SENDMSG);
    CHECK(rig.sender.unsent(0) == 3);
    if (is_replaced_first) {
      rig.sender.on_worker_lost(0);
      rig.sender.on_worker_back(0);
    }
    rig.sender.on_completion(unread.done(-EPIPE));
    rig.sender.on_completion(with_bytes.done(-ECONNRESET));
    rig.give(0, 1);
    rig.sender.on_batch_end();
    if (!is_replaced_first) {
      CHECK_FALSE(rig.sender.give_with_bytes(0, rig.socket(), rig.pool.try_take(), 0, 9).is_open());
      CHECK(rig.kernel.has_none());  // nothing is tried until there is somebody
      CHECK_FALSE(rig.sender.is_idle());
      rig.sender.on_worker_lost(0);
      CHECK(rig.sender.unsent(0) == 5);
      rig.sender.on_worker_back(0);
    }
    const std::vector<Request> again = rig.kernel.take();
    REQUIRE(again.size() == (is_replaced_first ? 2 : 3));
    for (const Request& send : again) {
      CHECK(send.is(IORING_OP_SENDMSG));
      rig.sender.on_completion(send.done_fully());
    }
    rig.finish_closes(is_replaced_first ? 4 : 5);
    rig.expect_idle();
    CHECK(rig.counters.handover_errors.get() == 0);
    CHECK(rig.counters.connections_closed.get() == (is_replaced_first ? 4 : 5));
    CHECK(rig.sender.unsent(0) == 0);
    CHECK(rig.sender.undelivered(0) == 0);
  }
}

TEST_CASE("handover: a replacement that dies too is replaced again") {
  SenderRig rig;
  rig.give(0, 1);
  rig.sender.on_batch_end();
  for (int round = 0; round < 3; ++round) {
    rig.sender.on_completion(rig.kernel.take_one(IORING_OP_SENDMSG).done(-EPIPE));
    rig.sender.on_batch_end();
    CHECK(rig.kernel.has_none());
    rig.sender.on_worker_back(0);
  }
  rig.sender.on_completion(rig.kernel.take_one(IORING_OP_SENDMSG).done_fully());
  rig.finish_closes(1);
  rig.expect_idle();
}

TEST_CASE("handover: a dead worker does not hold up the others, and an end without it closes") {
  SenderRig rig;
  rig.give(0, 2);
  rig.sender.on_batch_end();
  rig.sender.on_completion(rig.kernel.take_one(IORING_OP_SENDMSG).done(-EPIPE));
  CHECK_FALSE(rig.sender.give_with_bytes(0, rig.socket(), rig.pool.try_take(), 0, 7).is_open());
  rig.give(1, 1);
  rig.sender.on_batch_end();
  rig.sender.on_completion(rig.kernel.take_one(IORING_OP_SENDMSG).done_fully());
  rig.finish_closes(1);
  rig.sender.cut_off();
  rig.finish_closes(1);  // of the message; what waited has been closed
  rig.expect_idle();
  CHECK(rig.sender.undelivered(0) == 3);
  CHECK(rig.sender.undelivered(1) == 0);
  CHECK(rig.counters.handover_errors.get() == 3);
}

// What a channel takes when its worker is known to be dead is read by nobody.
TEST_CASE("handover: each socket that no worker got is told once, however it was lost") {
  for (const bool is_replaced : {false, true}) {
    CAPTURE(is_replaced);
    SenderRig rig;
    rig.give(0, 2);
    rig.sender.on_batch_end();
    const Request unread = rig.kernel.take_one(IORING_OP_SENDMSG);
    CHECK_FALSE(rig.sender.give_with_bytes(0, rig.socket(), rig.pool.try_take(), 0, 7).is_open());
    const Request with_bytes = rig.kernel.take_one(IORING_OP_SENDMSG);
    rig.sender.on_worker_lost(0);
    CHECK(rig.sender.unsent(0) == 3);
    if (is_replaced) rig.sender.on_worker_back(0);
    rig.sender.on_completion(unread.done_fully());
    CHECK(rig.sender.undelivered(0) == 2);
    CHECK(rig.sender.unsent(0) == 1);
    rig.sender.on_completion(with_bytes.done(-ETOOMANYREFS));
    CHECK(rig.sender.undelivered(0) == 3);
    CHECK(rig.sender.unsent(0) == 0);
    CHECK(rig.sender.undelivered(1) == 0);
    rig.finish_closes(3);
    rig.expect_idle();
  }
}

TEST_CASE("handover: a full channel whose worker has died is not waited for") {
  for (const bool has_bytes : {true, false}) {
    CAPTURE(has_bytes);
    SenderRig rig;
    if (has_bytes) {
      CHECK_FALSE(rig.sender.give_with_bytes(0, rig.socket(), rig.pool.try_take(), 0, 7).is_open());
    } else {
      rig.give(0, 1);
      rig.sender.on_batch_end();
    }
    const Request send = rig.kernel.take_one(IORING_OP_SENDMSG);
    rig.sender.on_worker_lost(0);
    rig.sender.on_completion(send.done(-EAGAIN));
    CHECK(rig.kernel.has_none());
    rig.sender.on_worker_back(0);
    rig.sender.on_completion(rig.kernel.take_one(IORING_OP_SENDMSG).done_fully());
    rig.finish_closes(1);
    rig.expect_idle();
    CHECK(rig.sender.undelivered(0) == 0);
  }
}

}  // namespace
}  // namespace urb
