// Departures of a session with several requests under way: whatever the order in which their
// completions come, the socket is closed or passed on once, after the last of them.
#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>
#include <string>

#include "fault/session_rig.hpp"

namespace urb {
namespace {

using test::kGet;
using test::Request;
using test::SessionRig;

TEST_SUITE_BEGIN("fault");

constexpr std::string_view kHalf = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab";

TEST_CASE("session order: a late head or body gets 408, once its read has ended") {
  // The read may lose the race with its cancellation: then it brings bytes, or the end.
  for (const int read_result : {-ECANCELED, -ECONNRESET, 0, 3}) {
    CAPTURE(read_result);
    SessionRig rig;
    const Fd client = rig.adopt();
    rig.receive(kHalf);
    const Request read = rig.take_read();
    rig.sessions.on_deadline(rig.sessions.next_deadline());
    CHECK(rig.kernel.take_one(IORING_OP_ASYNC_CANCEL).target() == read.token());
    rig.deliver(read.done(read_result));
    rig.expect_lingering_close("HTTP/1.1 408 ");
    CHECK(rig.counters.request_errors.get() == 1);
  }
}

TEST_CASE("session order: a deadline between requests closes without an answer") {
  SessionRig rig;
  const Fd client = rig.adopt();
  rig.receive(kGet);
  rig.deliver(rig.take_send().done_fully());
  const Request read = rig.take_read();
  const Nanos idle_until = rig.sessions.next_deadline();
  rig.sessions.on_deadline(idle_until - Nanos{1});
  CHECK_FALSE(test::has_seen_end(client.get()));
  rig.sessions.on_deadline(idle_until);
  CHECK(rig.kernel.has_none());  // the shutdown wakes the read
  rig.deliver(read.done(0));
  rig.expect_close();
  CHECK(rig.counters.request_errors.get() == 0);
}

TEST_CASE("session order: a client that stops reading the answer is closed at the deadline") {
  SessionRig rig;
  const Fd client = rig.adopt();
  rig.receive(kGet);
  const Request send = rig.take_send();
  rig.sessions.on_deadline(rig.sessions.next_deadline());
  CHECK(rig.kernel.has_none());
  rig.deliver(send.done(-EPIPE));
  rig.expect_close();
}

TEST_CASE("session order: cut_off at each stage waits for what is under way, and closes once") {
  enum class Stage { waiting_for_request, in_head, in_body, continuing, responding, leaving };
  for (const Stage stage : {Stage::waiting_for_request, Stage::in_head, Stage::in_body,
                            Stage::continuing, Stage::responding, Stage::leaving}) {
    for (const int result : {-ECANCELED, -EPIPE, 0, 1}) {
      CAPTURE(static_cast<int>(stage));
      SessionRig rig;
      const Fd client = rig.adopt();
      switch (stage) {
        case Stage::waiting_for_request: break;
        case Stage::in_head: rig.receive(kGet.substr(0, 9)); break;
        case Stage::in_body:
        case Stage::leaving: rig.receive(kHalf); break;
        case Stage::continuing:
          rig.receive(
              "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
          break;
        case Stage::responding: rig.receive(kGet); break;
      }
      const Request under_way = rig.kernel.take_one();
      if (stage == Stage::leaving) {
        rig.sessions.on_deadline(rig.sessions.next_deadline());
        CHECK(rig.kernel.take_one().is(IORING_OP_ASYNC_CANCEL));
      }
      rig.sessions.cut_off();
      rig.sessions.cut_off();
      CHECK(test::has_seen_end(client.get()));
      CHECK(rig.kernel.has_none());
      CHECK_FALSE(rig.sessions.is_idle());
      rig.deliver(under_way.done(result));
      rig.expect_close();
    }
  }
}

TEST_CASE("session order: stopping closes who is between requests, and finishes who is in one") {
  SessionRig rig;
  const Fd idle = rig.adopt();
  const Request idle_read = rig.take_read();
  const Fd busy = rig.adopt();
  rig.receive(kGet.substr(0, 9));
  const Request busy_read = rig.take_read();
  rig.sessions.begin_stop();
  CHECK(test::has_seen_end(idle.get()));
  CHECK_FALSE(test::has_seen_end(busy.get()));
  rig.deliver(idle_read.done(0));
  rig.kernel.take_one(IORING_OP_CLOSE).closes();
  CHECK_FALSE(rig.sessions.is_idle());
  rig.deliver(busy_read.brings(kGet.substr(9)));
  const Request send = rig.take_send();
  CHECK(send.text().find("Connection: close\r\n") != std::string_view::npos);
  rig.deliver(send.done_fully());
  rig.expect_close();
  CHECK(rig.counters.requests.get() == 1);
}

TEST_CASE("session order: who is adopted during the stop, and has sent nothing, is closed") {
  SessionRig rig;
  rig.sessions.begin_stop();
  const Fd client = rig.adopt();
  rig.expect_close();
}

// 10 buffers: half of them may be lent to connections that only wait, the others are for those
// that have bytes; who finds none waits its turn.
TEST_CASE("session order: when buffers run out, who waited longest is served first") {
  SessionRig rig;
  std::vector<Fd> clients;
  std::vector<Request> reads;
  std::vector<Request> polls;
  for (int count = 0; count < 12; ++count) {
    clients.push_back(rig.adopt());
    const Request request = rig.kernel.take_one();
    (request.is(IORING_OP_RECV) ? reads : polls).push_back(request);
  }
  REQUIRE(reads.size() == 5);
  REQUIRE(polls.size() == 7);
  for (const Request& poll : polls) {
    REQUIRE(poll.is(IORING_OP_POLL_ADD));
    rig.deliver(poll.done(POLLIN));
  }
  std::vector<Request> late_reads = rig.kernel.take();
  CHECK(late_reads.size() == 5);  // all 16 are out
  CHECK(rig.counters.buffers_starved.get() == 2);
  rig.sessions.on_batch_end(monotonic_now());
  CHECK(rig.kernel.has_none());
  // One answer gives one buffer back; the first of the two gets it at the end of the batch.
  rig.deliver(reads[0].brings(kGet));
  CHECK(rig.kernel.take_one().is(IORING_OP_SEND));
  rig.sessions.on_batch_end(monotonic_now());
  const Request first = rig.kernel.take_one(IORING_OP_RECV);
  CHECK(first.token().slot_index == polls[5].token().slot_index);
  rig.deliver(reads[1].brings(kGet));
  CHECK(rig.kernel.take_one().is(IORING_OP_SEND));
  rig.sessions.on_batch_end(monotonic_now());
  CHECK(rig.kernel.take_one().token().slot_index == polls[6].token().slot_index);
  rig.sessions.cut_off();
}

TEST_CASE("session order: who waits for a buffer may leave, and is not served any more") {
  SessionRig rig;
  std::vector<Fd> clients;
  std::vector<Request> requests;
  for (int count = 0; count < 11; ++count) {
    clients.push_back(rig.adopt());
    requests.push_back(rig.kernel.take_one());
  }
  for (const Request& request : requests) {
    if (request.is(IORING_OP_POLL_ADD)) rig.deliver(request.done(POLLIN));
  }
  REQUIRE(rig.counters.buffers_starved.get() == 1);
  REQUIRE(rig.kernel.take().size() == 5);
  rig.sessions.begin_stop();                      // nobody has sent a byte: all are closed
  rig.kernel.take_one(IORING_OP_CLOSE).closes();  // nothing was under way for the last alone
  CHECK(test::has_seen_end(clients.back().get()));
  rig.deliver(requests[0].done(0));
  rig.sessions.on_batch_end(monotonic_now());
  CHECK(rig.kernel.take_one().is(IORING_OP_CLOSE));  // a buffer is free, and nobody waits
  rig.sessions.cut_off();
}

TEST_CASE("session order: a poll that fails lets the read say why") {
  SessionRig rig;
  std::vector<Fd> clients;
  for (int count = 0; count < 6; ++count) clients.push_back(rig.adopt());
  const std::vector<Request> requests = rig.kernel.take();
  const Request& poll = requests.back();
  REQUIRE(poll.is(IORING_OP_POLL_ADD));
  rig.deliver(poll.done(POLLERR | POLLHUP));
  const Request read = rig.kernel.take_one(IORING_OP_RECV);
  rig.deliver(read.done(-ECONNRESET));
  CHECK(rig.kernel.take_one().is(IORING_OP_CLOSE));
  CHECK(rig.counters.connection_resets.get() == 1);
  rig.sessions.cut_off();
}

}  // namespace
}  // namespace urb
