// Seeing a connection off, with every result its send, its receives and its deadline may have.
#include <doctest/doctest.h>
#include <poll.h>

#include "fault/made_up_kernel.hpp"
#include "net/farewell.hpp"
#include "support/open_fds.hpp"

namespace urb {
namespace {

using test::MadeUpKernel;
using test::Request;

TEST_SUITE_BEGIN("fault");

constexpr std::uint8_t kOwner = 5;
constexpr std::size_t kCapacity = 2;
constexpr Nanos kStart{1'000'000'000};

struct FarewellRig {
  Counters counters;
  MadeUpKernel kernel;
  Farewell farewell{kernel.ring(), kOwner, counters, kCapacity};
  std::size_t fds_idle = test::open_fd_count();

  /// Begins with `status`; returns the client's end.
  Fd begin(int status) {
    test::StreamPair pair = test::make_stream_pair();
    farewell.begin(std::move(pair.near), status, kStart);
    return std::move(pair.far);
  }
  /// The close that has to be queued now, and what it leaves.
  void finish(Fd& client) {
    const Request close = kernel.take_one(IORING_OP_CLOSE);
    CHECK_FALSE(farewell.is_idle());
    farewell.on_completion(close.closes());
    CHECK(farewell.is_idle());
    CHECK(farewell.next_deadline() == kNever);
    CHECK(counters.connections_closed.get() == 1);
    CHECK(test::has_seen_end(client.get()));
    client.close();
    CHECK(test::open_fd_count() == fds_idle);
  }
};

TEST_CASE("farewell: the answer, the end of our side, the client's rest, the close") {
  FarewellRig rig;
  Fd client = rig.begin(413);
  const Request send = rig.kernel.take_one(IORING_OP_SEND);
  CHECK(send.text().starts_with("HTTP/1.1 413 "));
  CHECK((send.io_flags & MSG_DONTWAIT) != 0);
  CHECK(rig.counters.request_errors.get() == 1);
  CHECK_FALSE(test::has_seen_end(client.get()));  // not before the answer is out
  rig.farewell.on_completion(send.done_fully());
  CHECK(test::has_seen_end(client.get()));
  for (const int bytes : {1, 65536, 10}) {
    const Request drain = rig.kernel.take_one(IORING_OP_RECV);
    rig.farewell.on_completion(drain.done(bytes));
  }
  rig.farewell.on_completion(rig.kernel.take_one(IORING_OP_RECV).done(0));
  rig.finish(client);
}

TEST_CASE("farewell: the answer to HEAD ends with its head") {
  FarewellRig rig;
  test::StreamPair pair = test::make_stream_pair();
  rig.farewell.begin(std::move(pair.near), 503, kStart, /*is_head_method=*/true);
  const Request send = rig.kernel.take_one(IORING_OP_SEND);
  CHECK(send.text().starts_with("HTTP/1.1 503 "));
  CHECK(send.text().find("Content-Length: 0") == std::string_view::npos);
  CHECK(send.text().find("\r\n\r\n") == send.text().size() - 4);
  rig.farewell.on_completion(send.done_fully());
  rig.farewell.on_completion(rig.kernel.take_one(IORING_OP_RECV).done(0));
  rig.finish(pair.far);
}

TEST_CASE("farewell: status 0 sends nothing, the answer is out already") {
  FarewellRig rig;
  Fd client = rig.begin(0);
  CHECK(rig.counters.request_errors.get() == 0);
  CHECK(test::has_seen_end(client.get()));
  rig.farewell.on_completion(rig.kernel.take_one(IORING_OP_RECV).done(0));
  rig.finish(client);
}

TEST_CASE("farewell: a client that is gone before the answer is closed at once") {
  for (const int error : {-EPIPE, -ECONNRESET, -ECANCELED}) {
    FarewellRig rig;
    Fd client = rig.begin(400);
    rig.farewell.on_completion(rig.kernel.take_one(IORING_OP_SEND).done(error));
    rig.finish(client);
  }
}

TEST_CASE("farewell: a client that has not read before gets the rest when there is room") {
  for (const int taken : {-EAGAIN, -EINTR, 0, 10}) {
    FarewellRig rig;
    Fd client = rig.begin(400);
    const Request send = rig.kernel.take_one(IORING_OP_SEND);
    const std::string whole{send.text()};
    rig.farewell.on_completion(send.done(taken));
    rig.farewell.on_completion(rig.kernel.take_one(IORING_OP_POLL_ADD).done(POLLRDHUP));
    const Request wait = rig.kernel.take_one(IORING_OP_POLL_ADD);  // for room alone
    rig.farewell.on_completion(wait.done(POLLOUT, IORING_CQE_F_MORE));
    CHECK(rig.kernel.take_one(IORING_OP_ASYNC_CANCEL).target() == wait.token());
    rig.farewell.on_completion(wait.done(-ECANCELED));
    const Request rest = rig.kernel.take_one(IORING_OP_SEND);
    CHECK(rest.text() == whole.substr(static_cast<std::size_t>(std::max(taken, 0))));
    rig.farewell.on_completion(rest.done_fully());
    rig.farewell.on_completion(rig.kernel.take_one(IORING_OP_RECV).done(0));
    rig.finish(client);
  }
}

TEST_CASE("farewell: a client that resets while it is drained is closed") {
  FarewellRig rig;
  Fd client = rig.begin(400);
  rig.farewell.on_completion(rig.kernel.take_one(IORING_OP_SEND).done_fully());
  rig.farewell.on_completion(rig.kernel.take_one(IORING_OP_RECV).done(-ECONNRESET));
  rig.finish(client);
}

TEST_CASE("farewell: the deadline ends a wait for room, whatever the poll says") {
  for (const int result : {-ECANCELED, static_cast<int>(POLLHUP), static_cast<int>(POLLOUT)}) {
    FarewellRig rig;
    Fd client = rig.begin(400);
    rig.farewell.on_completion(rig.kernel.take_one(IORING_OP_SEND).done(-EAGAIN));
    const Request wait = rig.kernel.take_one(IORING_OP_POLL_ADD);
    rig.farewell.on_deadline(rig.farewell.next_deadline());  // it has moved since the begin
    const Nanos due = rig.farewell.next_deadline();
    REQUIRE(due > kStart);
    REQUIRE(due != kNever);
    rig.farewell.on_deadline(due - Nanos{1});
    CHECK_FALSE(test::has_seen_end(client.get()));
    rig.farewell.on_deadline(due);
    CHECK(test::has_seen_end(client.get()));
    CHECK(rig.kernel.take_one(IORING_OP_ASYNC_CANCEL).target() == wait.token());
    rig.farewell.on_completion(wait.done(result));
    rig.finish(client);
  }
}

// Looks at the deadline when it is due. Returns when that was.
Nanos pass_deadline(FarewellRig& rig) {
  const Nanos due = rig.farewell.next_deadline();
  REQUIRE(due != kNever);
  rig.farewell.on_deadline(due);
  return due;
}

TEST_CASE("farewell: a client that sends without end is drained for so long, no longer") {
  FarewellRig rig;
  Fd client = rig.begin(400);
  rig.farewell.on_completion(rig.kernel.take_one(IORING_OP_SEND).done_fully());
  for (;;) {
    rig.farewell.on_completion(rig.kernel.take_one(IORING_OP_RECV).done(65536));
    const Nanos due = pass_deadline(rig);
    if (rig.farewell.next_deadline() == kNever) {
      CHECK(due == kStart + kLingerMax);
      break;
    }
    REQUIRE(due < kStart + kLingerMax);
  }
  const Request drain = rig.kernel.take_one(IORING_OP_RECV);
  rig.farewell.on_completion(drain.done(65536));  // more had come before the cut
  rig.finish(client);
}

TEST_CASE("farewell: a client that falls silent is cut off soon") {
  FarewellRig rig;
  Fd client = rig.begin(400);
  rig.farewell.on_completion(rig.kernel.take_one(IORING_OP_SEND).done_fully());
  const Request drain = rig.kernel.take_one(IORING_OP_RECV);
  CHECK(pass_deadline(rig) == kStart + kLingerIdle);
  CHECK(rig.farewell.next_deadline() == kStart + 2 * kLingerIdle);  // the answer went out: a move
  pass_deadline(rig);
  CHECK(rig.farewell.next_deadline() == kNever);
  CHECK(rig.kernel.has_none());
  rig.farewell.on_completion(drain.done(0));
  rig.finish(client);
}

TEST_CASE("farewell: cut_off ends all of them, and one that is closing only once") {
  FarewellRig rig;
  Fd sending = rig.begin(400);
  Fd closing = rig.begin(0);
  const std::vector<Request> first = rig.kernel.take();
  REQUIRE(first.size() == 2);
  rig.farewell.on_completion(first[1].done(0));
  const Request close = rig.kernel.take_one(IORING_OP_CLOSE);
  rig.farewell.cut_off();
  rig.farewell.cut_off();
  CHECK(rig.kernel.has_none());
  rig.farewell.on_completion(close.closes());
  CHECK_FALSE(rig.farewell.is_idle());
  rig.farewell.on_completion(first[0].done(-ECANCELED));
  rig.farewell.on_completion(rig.kernel.take_one(IORING_OP_CLOSE).closes());
  CHECK(rig.farewell.is_idle());
  CHECK(rig.counters.connections_closed.get() == 2);
}

TEST_CASE("farewell: when too many are leaving, the next is closed without ceremony") {
  FarewellRig rig;
  const Fd first = rig.begin(400);
  const Fd second = rig.begin(400);
  const std::vector<Request> sends = rig.kernel.take();
  REQUIRE(sends.size() == kCapacity);
  const Fd third = rig.begin(400);
  CHECK(rig.kernel.has_none());
  CHECK(test::has_seen_end(third.get()));
  CHECK(rig.counters.connections_closed.get() == 1);
  for (const Request& send : sends) rig.farewell.on_completion(send.done(-EPIPE));
  for (const Request& close : rig.kernel.take()) rig.farewell.on_completion(close.closes());
  CHECK(rig.farewell.is_idle());
  CHECK(rig.counters.connections_closed.get() == 3);
}

}  // namespace
}  // namespace urb
