// Departures from the head reader, and its waiting list: every order of completions.
#include <doctest/doctest.h>
#include <poll.h>

#include <cstring>
#include <vector>

#include "fault/head_rig.hpp"

namespace urb {
namespace {

using test::bytes_of;
using test::HeadRig;
using test::kHead;
using test::Request;

TEST_SUITE_BEGIN("fault");

// The deadline against a read that is under way, which may have won the race.
TEST_CASE("head_reader: a late head gets 408 once its read has ended, however it ends") {
  for (const int read_result : {-ECANCELED, -ECONNRESET, 0, 4}) {
    CAPTURE(read_result);
    HeadRig rig;
    const Fd client = rig.begin();
    rig.receive(kHead.substr(0, 3));
    const Request read = rig.kernel.take_one(IORING_OP_RECV);
    rig.heads.on_deadline(rig.heads.next_deadline() - Nanos{1});
    CHECK(rig.kernel.has_none());
    rig.heads.on_deadline(rig.heads.next_deadline());
    CHECK(rig.kernel.take_one(IORING_OP_ASYNC_CANCEL).target() == read.token());
    CHECK(rig.buffers.free_count() == HeadRig::kBuffers - 1);  // the kernel may still write
    rig.deliver(read.done(read_result));
    rig.expect_lingering_close("HTTP/1.1 408 ");
  }
}

TEST_CASE("head_reader: a silent connection is closed at the deadline, without an answer") {
  HeadRig rig;
  const Fd client = rig.begin();
  const Request read = rig.kernel.take_one(IORING_OP_RECV);
  rig.heads.on_deadline(rig.heads.next_deadline());
  CHECK(rig.kernel.take_one(IORING_OP_ASYNC_CANCEL).target() == read.token());
  rig.deliver(read.done(-ECANCELED));
  rig.expect_close();
  CHECK(rig.counters.request_errors.get() == 0);
}

TEST_CASE("head_reader: when buffers run out, connections poll, then wait their turn") {
  HeadRig rig{2};
  std::vector<Fd> clients;
  for (int count = 0; count < 4; ++count) clients.push_back(rig.begin());
  const std::vector<Request> first = rig.kernel.take();
  REQUIRE(first.size() == 4);
  CHECK(first[0].is(IORING_OP_RECV));
  for (std::size_t index = 1; index < 4; ++index) {
    REQUIRE(first[index].is(IORING_OP_POLL_ADD));
    rig.deliver(first[index].done(POLLIN));
  }
  const Request second = rig.kernel.take_one(IORING_OP_RECV);  // the last buffer
  CHECK(second.token().slot_index == first[1].token().slot_index);
  CHECK(rig.counters.buffers_starved.get() == 2);
  rig.deliver(second.brings(kHead));
  REQUIRE(rig.read);
  rig.read.reset();  // handed over: its buffer is back
  rig.heads.on_batch_end(monotonic_now());
  CHECK(rig.kernel.take_one(IORING_OP_RECV).token().slot_index == first[2].token().slot_index);
  rig.heads.cut_off();
}

// A slow client must not keep a buffer from others: what it has sent is set aside, and is back in
// front of the rest when that comes.
TEST_CASE("head_reader: with few buffers, half a head gives its buffer to others and is kept") {
  HeadRig rig{2};
  const Fd slow = rig.begin();
  rig.receive(kHead.substr(0, 10));
  const Request poll = rig.kernel.take_one(IORING_OP_POLL_ADD);
  CHECK(rig.buffers.free_count() == 2);
  BufferLease other = rig.buffers.try_take();  // overwrites the memory that the half was in
  std::memset(other.memory().data(), 'z', other.memory().size());
  rig.deliver(poll.done(POLLIN));
  rig.receive(kHead.substr(10, 5));
  rig.deliver(rig.kernel.take_one(IORING_OP_POLL_ADD).done(POLLIN));
  rig.receive(kHead.substr(15));
  REQUIRE(rig.read);
  CHECK(bytes_of(*rig.read) == kHead);
  CHECK(rig.read->head.content_length == 5);
}

TEST_CASE("head_reader: cut_off at each stage closes once, after the last completion") {
  enum class Stage { reading, polling, waiting, departing };
  for (const Stage stage : {Stage::reading, Stage::polling, Stage::waiting, Stage::departing}) {
    CAPTURE(static_cast<int>(stage));
    HeadRig rig;
    std::vector<BufferLease> taken;
    if (stage == Stage::polling || stage == Stage::waiting) {
      while (rig.buffers.free_count() != 0) taken.push_back(rig.buffers.try_take());
    }
    const Fd client = rig.begin();
    Request under_way = rig.kernel.take_one();
    if (stage == Stage::waiting) rig.deliver(under_way.done(POLLIN));
    if (stage == Stage::departing) {
      rig.deliver(under_way.brings("G"));
      under_way = rig.kernel.take_one(IORING_OP_RECV);
      rig.heads.on_deadline(rig.heads.next_deadline());
      REQUIRE(rig.kernel.take_one().is(IORING_OP_ASYNC_CANCEL));
    }
    rig.heads.cut_off();
    rig.heads.cut_off();
    taken.clear();
    rig.heads.on_batch_end(monotonic_now());
    const std::vector<Request> queued = rig.kernel.take();
    if (stage == Stage::reading || stage == Stage::polling) {
      REQUIRE(queued.size() == 1);
      CHECK(queued.front().is(IORING_OP_ASYNC_CANCEL));
      CHECK(queued.front().target() == under_way.token());
    }
    if (stage == Stage::waiting) {
      REQUIRE(queued.size() == 1);  // nothing was under way: the close itself
      queued.front().closes();
    } else {
      rig.deliver(under_way.done(-ECANCELED));
      rig.kernel.take_one(IORING_OP_CLOSE).closes();
    }
    rig.expect_idle();
    CHECK(rig.counters.connections_closed.get() == 1);
  }
}

TEST_CASE("head_reader: stopping closes who has sent nothing, the others finish their head") {
  HeadRig rig;
  const Fd silent = rig.begin();
  const Request silent_read = rig.kernel.take_one(IORING_OP_RECV);
  const Fd busy = rig.begin();
  rig.receive(kHead.substr(0, 4));
  const Request busy_read = rig.kernel.take_one(IORING_OP_RECV);
  rig.heads.begin_stop();
  CHECK(rig.kernel.take_one(IORING_OP_ASYNC_CANCEL).target() == silent_read.token());
  rig.deliver(silent_read.done(-ECANCELED));
  rig.kernel.take_one(IORING_OP_CLOSE).closes();
  rig.deliver(busy_read.brings(kHead.substr(4)));
  REQUIRE(rig.read);
  CHECK(rig.heads.is_idle());
  const Fd late = rig.begin();  // accepted just before the stop
  rig.kernel.take_one(IORING_OP_CLOSE).closes();
  CHECK(rig.heads.is_idle());
}

TEST_CASE("head_reader: with every slot taken, a new connection is closed and counted") {
  HeadRig rig;
  std::vector<Fd> clients;
  for (int count = 0; count < 8; ++count) clients.push_back(rig.begin());
  const Fd refused = rig.begin();
  CHECK(test::has_seen_end(refused.get()));
  CHECK(rig.counters.accept_errors.get() == 1);
  CHECK(rig.counters.connections_closed.get() == 1);
  static_cast<void>(rig.kernel.take());
  rig.heads.cut_off();
}

}  // namespace
}  // namespace urb
