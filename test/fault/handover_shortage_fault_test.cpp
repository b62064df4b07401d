// Hand-over to a worker that does not read its channel.
#include <doctest/doctest.h>

#include <vector>

#include "fault/sender_rig.hpp"

namespace urb {
namespace {

using test::Request;
using test::SenderRig;

TEST_SUITE_BEGIN("fault");

TEST_CASE("handover: a full channel is counted, and the message waits without a buffer") {
  SenderRig rig;
  CHECK_FALSE(rig.sender.give_with_bytes(0, rig.socket(), rig.pool.try_take(), 5, 105).is_open());
  rig.give(0, 2);
  rig.sender.on_batch_end();
  const std::vector<Request> tries = rig.kernel.take();
  REQUIRE(tries.size() == 2);
  for (const Request& send : tries) {
    CHECK((send.io_flags & MSG_DONTWAIT) != 0);
    rig.sender.on_completion(send.done(-EAGAIN));
  }
  CHECK(rig.counters.handover_stalled.get() == 2);
  CHECK(rig.pool.free_count() == test::kSenderBuffers);
  const std::vector<Request> waits = rig.kernel.take();
  REQUIRE(waits.size() == 2);
  CHECK(waits[0].bytes() == sizeof(HandoverHeader) + 100);
  rig.give(0, 1);
  rig.sender.on_batch_end();
  CHECK(rig.kernel.has_none());  // one message without bytes at a time, waiting or not
  for (const Request& send : waits) {
    CHECK((send.io_flags & MSG_DONTWAIT) == 0);
    rig.sender.on_completion(send.done_fully());
  }
  rig.finish_closes(3);
  rig.sender.on_batch_end();
  const Request last = rig.kernel.take_one(IORING_OP_SENDMSG);
  CHECK((last.io_flags & MSG_DONTWAIT) != 0);
  rig.sender.on_completion(last.done_fully());
  rig.finish_closes(1);
  rig.expect_idle();
  CHECK(rig.counters.handover_stalled.get() == 2);
  CHECK(rig.counters.handover_errors.get() == 0);
  CHECK(rig.counters.handover_connections.get() == 4);
}

// 1,024 descriptors, half of them for two workers.
TEST_CASE("handover: what waits for one worker is bounded, and the other has its own share") {
  for (const bool has_bytes : {true, false}) {
    CAPTURE(has_bytes);
    SenderRig rig;
    constexpr std::size_t kShare = 256;
    std::vector<Request> sends;
    const auto offer = [&](unsigned worker) {
      if (!has_bytes) {
        rig.give(worker, 1);
        rig.sender.on_batch_end();
      } else if (rig.sender.give_with_bytes(worker, rig.socket(), rig.pool.try_take(), 0, 1)
                     .is_open()) {
        return;  // and closed here: the caller has it back
      }
      for (const Request& send : rig.kernel.take()) sends.push_back(send);
    };
    for (std::size_t count = 0; count < kShare; ++count) offer(0);
    CHECK(test::open_fd_count() == rig.fds_idle + kShare);
    CHECK(rig.counters.handover_refused.get() == 0);
    offer(0);
    CHECK(test::open_fd_count() == rig.fds_idle + kShare);
    CHECK(rig.counters.handover_refused.get() == 1);
    CHECK(rig.sender.undelivered(0) == 1);
    CHECK(rig.sender.unsent(0) == kShare);
    offer(1);
    CHECK(test::open_fd_count() == rig.fds_idle + kShare + 1);
    CHECK(rig.counters.handover_refused.get() == 1);
    // The worker reads again: everything goes out.
    for (std::size_t next = 0; next < sends.size(); ++next) {
      rig.sender.on_completion(sends[next].done_fully());
      for (const Request& request : rig.kernel.take()) {
        REQUIRE(request.is(IORING_OP_CLOSE));
        request.closes();
      }
      rig.sender.on_batch_end();
      for (const Request& send : rig.kernel.take()) sends.push_back(send);
    }
    rig.expect_idle();
    CHECK(rig.counters.handover_connections.get() == kShare + 1);
  }
}

TEST_CASE("handover: an end that waits for nobody closes what no worker has taken") {
  SenderRig rig;
  CHECK_FALSE(rig.sender.give_with_bytes(0, rig.socket(), rig.pool.try_take(), 0, 7).is_open());
  const Request tried = rig.kernel.take_one(IORING_OP_SENDMSG);
  rig.give(0, 2);
  rig.sender.on_batch_end();
  rig.sender.on_completion(rig.kernel.take_one(IORING_OP_SENDMSG).done(-EAGAIN));
  const Request waits = rig.kernel.take_one(IORING_OP_SENDMSG);
  rig.give(0, 3);
  rig.sender.cut_off();
  const std::vector<Request> cancels = rig.kernel.take();
  REQUIRE(cancels.size() == 2);
  for (const Request& cancel : cancels) REQUIRE(cancel.is(IORING_OP_ASYNC_CANCEL));
  CHECK(cancels[0].target() == tried.token());
  CHECK(cancels[1].target() == waits.token());
  rig.sender.on_completion(waits.done(-ECANCELED));
  rig.finish_closes(2);
  rig.sender.on_completion(tried.done(-EAGAIN));  // had failed before it could be cancelled
  rig.finish_closes(1);
  rig.expect_idle();
  CHECK(rig.counters.handover_errors.get() == 6);
  CHECK(rig.counters.connections_closed.get() == 6);
}

}  // namespace
}  // namespace urb
