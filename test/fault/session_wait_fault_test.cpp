// Sessions whose clients take no more of their answers.
#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>
#include <string>
#include <vector>

#include "fault/session_rig.hpp"

namespace urb {
namespace {

using test::kGet;
using test::Request;
using test::SessionRig;

TEST_SUITE_BEGIN("fault");

TEST_CASE("session: a head that stops goes on behind the last byte sent, when there is room") {
  for (const int result : {-EAGAIN, -EINTR, 0, 1, 20}) {
    CAPTURE(result);
    SessionRig rig;
    const Fd client = rig.adopt();
    rig.receive(kGet);
    const Request send = rig.take_send();
    const std::string whole{send.text()};
    rig.deliver(send.done(result));
    rig.deliver(rig.kernel.take_one(IORING_OP_POLL_ADD).done(POLLOUT));
    const Request rest = rig.take_send();
    CHECK(rest.text() ==
          std::string_view{whole}.substr(static_cast<std::size_t>(std::max(result, 0))));
    rig.deliver(rest.done_fully());
    CHECK(rig.take_read().is(IORING_OP_RECV));
    CHECK(rig.counters.connection_resets.get() == 0);
    rig.sessions.cut_off();
  }
}

// Linux says POLLRDHUP alone of a full socket whose peer has ended its side.
TEST_CASE("session: the end of a client's side is not room for its answer") {
  SessionRig rig;
  const Fd client = rig.adopt();
  rig.receive(kGet);
  rig.deliver(rig.take_send().done(-EAGAIN));
  rig.deliver(rig.kernel.take_one(IORING_OP_POLL_ADD).done(POLLRDHUP));
  const Request wait = rig.kernel.take_one(IORING_OP_POLL_ADD);
  CHECK(wait.bytes() == IORING_POLL_ADD_MULTI);
  rig.deliver(wait.done(POLLRDHUP, IORING_CQE_F_MORE));
  CHECK(rig.kernel.has_none());
  rig.deliver(wait.done(POLLOUT | POLLRDHUP, IORING_CQE_F_MORE));
  CHECK(rig.kernel.take_one(IORING_OP_ASYNC_CANCEL).is(IORING_OP_ASYNC_CANCEL));
  rig.deliver(wait.done(-ECANCELED));
  rig.deliver(rig.take_send().done_fully());
  CHECK(rig.take_read().is(IORING_OP_RECV));
  rig.sessions.cut_off();
}

TEST_CASE("session: what a client that does not read has pipelined holds no buffer") {
  constexpr std::size_t kMoreThanBuffers = 20;
  SessionRig rig{BufferKind::plain, 1'000'000};
  std::vector<Fd> clients;
  std::vector<Request> waits;
  for (std::size_t index = 0; index < kMoreThanBuffers; ++index) {
    CAPTURE(index);
    clients.push_back(rig.adopt());
    rig.receive(std::string{kGet} + std::string{kGet});  // directly: buffers are plenty
    rig.deliver(rig.kernel.take_one(IORING_OP_SENDMSG).done(1000));
    waits.push_back(rig.kernel.take_one(IORING_OP_POLL_ADD));
  }
  // What was pipelined is not lost: it is the next to be answered.
  rig.deliver(waits.front().done(POLLOUT));
  for (std::uint64_t sends = 1; rig.counters.requests.get() == kMoreThanBuffers; ++sends) {
    REQUIRE(sends < 10);
    rig.deliver(rig.kernel.take_one(IORING_OP_SENDMSG).done_fully());
  }
  CHECK(rig.kernel.take_one(IORING_OP_SENDMSG).text().starts_with("HTTP/1.1 200"));
  rig.sessions.cut_off();
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb
