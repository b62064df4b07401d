// Seeing a connection off, with every result its send, its receives and its deadline may have.
#include <doctest/doctest.h>
#include <poll.h>

#include "fault/made_up_kernel.hpp"
#include "net/lingering_close.hpp"
#include "support/open_fds.hpp"

namespace urb {
namespace {

using test::MadeUpKernel;
using test::Request;

TEST_SUITE_BEGIN("fault");

constexpr std::uint8_t kOwner = 5;
constexpr std::size_t kCapacity = 2;
constexpr Nanos kStart{1'000'000'000};

struct LingeringCloseRig {
  Counters counters;
  MadeUpKernel kernel;
  LingeringClose lingering_close{kernel.ring(), kOwner, counters, kCapacity};
  std::size_t fds_idle = test::open_fd_count();

  /// Begins with `status`; returns the client's end.
  Fd begin(int status) {
    test::StreamPair pair = test::make_stream_pair();
    lingering_close.begin(std::move(pair.near), status, kStart);
    return std::move(pair.far);
  }
  /// The close that has to be queued now, and what it leaves.
  void finish(Fd& client) {
    const Request close = kernel.take_one(IORING_OP_CLOSE);
    close.closes();
    CHECK(lingering_close.is_idle());
    CHECK(lingering_close.next_deadline() == kNever);
    CHECK(counters.connections_closed.get() == 1);
    CHECK(test::has_seen_end(client.get()));
    client.close();
    CHECK(test::open_fd_count() == fds_idle);
  }
};

TEST_CASE("lingering close: the answer, the end of our side, the client's rest, the close") {
  LingeringCloseRig rig;
  Fd client = rig.begin(413);
  const Request send = rig.kernel.take_one(IORING_OP_SEND);
  CHECK(send.text().starts_with("HTTP/1.1 413 "));
  CHECK((send.io_flags & MSG_DONTWAIT) != 0);
  CHECK(rig.counters.request_errors.get() == 1);
  CHECK_FALSE(test::has_seen_end(client.get()));  // not before the answer is out
  rig.lingering_close.on_completion(send.done_fully());
  CHECK(test::has_seen_end(client.get()));
  for (const int bytes : {1, 65536, 10}) {
    const Request drain = rig.kernel.take_one(IORING_OP_RECV);
    rig.lingering_close.on_completion(drain.done(bytes));
  }
  rig.lingering_close.on_completion(rig.kernel.take_one(IORING_OP_RECV).done(0));
  rig.finish(client);
}

TEST_CASE("lingering close: the answer to HEAD ends with its head") {
  LingeringCloseRig rig;
  test::StreamPair pair = test::make_stream_pair();
  rig.lingering_close.begin(std::move(pair.near), 503, kStart, /*is_head_method=*/true);
  const Request send = rig.kernel.take_one(IORING_OP_SEND);
  CHECK(send.text().starts_with("HTTP/1.1 503 "));
  CHECK(send.text().find("Content-Length: 0") == std::string_view::npos);
  CHECK(send.text().find("\r\n\r\n") == send.text().size() - 4);
  rig.lingering_close.on_completion(send.done_fully());
  rig.lingering_close.on_completion(rig.kernel.take_one(IORING_OP_RECV).done(0));
  rig.finish(pair.far);
}

TEST_CASE("lingering close: status 0 sends nothing, the answer is out already") {
  LingeringCloseRig rig;
  Fd client = rig.begin(0);
  CHECK(rig.counters.request_errors.get() == 0);
  CHECK(test::has_seen_end(client.get()));
  rig.lingering_close.on_completion(rig.kernel.take_one(IORING_OP_RECV).done(0));
  rig.finish(client);
}

TEST_CASE("lingering close: a client that is gone before the answer is closed at once") {
  for (const int error : {-EPIPE, -ECONNRESET, -ECANCELED}) {
    LingeringCloseRig rig;
    Fd client = rig.begin(400);
    rig.lingering_close.on_completion(rig.kernel.take_one(IORING_OP_SEND).done(error));
    rig.finish(client);
  }
}

TEST_CASE("lingering close: a client that has not read before gets the rest when there is room") {
  for (const int taken : {-EAGAIN, -EINTR, 0, 10}) {
    LingeringCloseRig rig;
    Fd client = rig.begin(400);
    const Request send = rig.kernel.take_one(IORING_OP_SEND);
    const std::string whole{send.text()};
    rig.lingering_close.on_completion(send.done(taken));
    rig.lingering_close.on_completion(rig.kernel.take_one(IORING_OP_POLL_ADD).done(POLLRDHUP));
    const Request wait = rig.kernel.take_one(IORING_OP_POLL_ADD);  // for room alone
    rig.lingering_close.on_completion(wait.done(POLLOUT, IORING_CQE_F_MORE));
    CHECK(rig.kernel.take_one(IORING_OP_ASYNC_CANCEL).target() == wait.token());
    rig.lingering_close.on_completion(wait.done(-ECANCELED));
    const Request rest = rig.kernel.take_one(IORING_OP_SEND);
    CHECK(rest.text() == whole.substr(static_cast<std::size_t>(std::max(taken, 0))));
    rig.lingering_close.on_completion(rest.done_fully());
    rig.lingering_close.on_completion(rig.kernel.take_one(IORING_OP_RECV).done(0));
    rig.finish(client);
  }
}

TEST_CASE("lingering close: a client that resets while it is drained is closed") {
  LingeringCloseRig rig;
  Fd client = rig.begin(400);
  rig.lingering_close.on_completion(rig.kernel.take_one(IORING_OP_SEND).done_fully());
  rig.lingering_close.on_completion(rig.kernel.take_one(IORING_OP_RECV).done(-ECONNRESET));
  rig.finish(client);
}

TEST_CASE("lingering close: the deadline ends a wait for room, whatever the poll says") {
  for (const int result : {-ECANCELED, static_cast<int>(POLLHUP), static_cast<int>(POLLOUT)}) {
    LingeringCloseRig rig;
    Fd client = rig.begin(400);
    rig.lingering_close.on_completion(rig.kernel.take_one(IORING_OP_SEND).done(-EAGAIN));
    const Request wait = rig.kernel.take_one(IORING_OP_POLL_ADD);
    rig.lingering_close.on_deadline(
        rig.lingering_close.next_deadline());  // it has moved since the begin
    const Nanos due = rig.lingering_close.next_deadline();
    REQUIRE(due > kStart);
    REQUIRE(due != kNever);
    rig.lingering_close.on_deadline(due - Nanos{1});
    CHECK_FALSE(test::has_seen_end(client.get()));
    rig.lingering_close.on_deadline(due);
    CHECK(test::has_seen_end(client.get()));
    CHECK(rig.kernel.take_one(IORING_OP_ASYNC_CANCEL).target() == wait.token());
    rig.lingering_close.on_completion(wait.done(result));
    rig.finish(client);
  }
}

// Looks at the deadline when it is due. Returns when that was.
Nanos pass_deadline(LingeringCloseRig& rig) {
  const Nanos due = rig.lingering_close.next_deadline();
  REQUIRE(due != kNever);
  rig.lingering_close.on_deadline(due);
  return due;
}

TEST_CASE("lingering close: a client that sends without end is drained for so long, no longer") {
  LingeringCloseRig rig;
  Fd client = rig.begin(400);
  rig.lingering_close.on_completion(rig.kernel.take_one(IORING_OP_SEND).done_fully());
  for (;;) {
    rig.lingering_close.on_completion(rig.kernel.take_one(IORING_OP_RECV).done(65536));
    const Nanos due = pass_deadline(rig);
    if (rig.lingering_close.next_deadline() == kNever) {
      CHECK(due == kStart + kLingerMax);
      break;
    }
    REQUIRE(due < kStart + kLingerMax);
  }
  const Request drain = rig.kernel.take_one(IORING_OP_RECV);
  rig.lingering_close.on_completion(drain.done(65536));  // more had come before the cut
  rig.finish(client);
}

TEST_CASE("lingering close: a client that falls silent is cut off soon") {
  LingeringCloseRig rig;
  Fd client = rig.begin(400);
  rig.lingering_close.on_completion(rig.kernel.take_one(IORING_OP_SEND).done_fully());
  const Request drain = rig.kernel.take_one(IORING_OP_RECV);
  CHECK(pass_deadline(rig) == kStart + kLingerIdle);
  CHECK(rig.lingering_close.next_deadline() ==
        kStart + 2 * kLingerIdle);  // the answer went out: a move
  pass_deadline(rig);
  CHECK(rig.lingering_close.next_deadline() == kNever);
  CHECK(rig.kernel.has_none());
  rig.lingering_close.on_completion(drain.done(0));
  rig.finish(client);
}

TEST_CASE("lingering close: cut_off ends all of them, each once") {
  LingeringCloseRig rig;
  Fd sending = rig.begin(400);
  Fd draining = rig.begin(0);
  const std::vector<Request> first = rig.kernel.take();
  REQUIRE(first.size() == 2);
  rig.lingering_close.cut_off();
  rig.lingering_close.cut_off();
  CHECK(rig.kernel.has_none());
  for (const Request& request : first) {
    CHECK_FALSE(rig.lingering_close.is_idle());
    rig.lingering_close.on_completion(request.done(-ECANCELED));
    rig.kernel.take_one(IORING_OP_CLOSE).closes();
  }
  CHECK(rig.lingering_close.is_idle());
  CHECK(rig.counters.connections_closed.get() == 2);
}

TEST_CASE("lingering close: when too many are leaving, the next is closed without ceremony") {
  LingeringCloseRig rig;
  const Fd first = rig.begin(400);
  const Fd second = rig.begin(400);
  const std::vector<Request> sends = rig.kernel.take();
  REQUIRE(sends.size() == kCapacity);
  const Fd third = rig.begin(400);
  CHECK(rig.kernel.has_none());
  CHECK(test::has_seen_end(third.get()));
  CHECK(rig.counters.connections_closed.get() == 1);
  for (const Request& send : sends) rig.lingering_close.on_completion(send.done(-EPIPE));
  for (const Request& close : rig.kernel.take()) close.closes();
  CHECK(rig.lingering_close.is_idle());
  CHECK(rig.counters.connections_closed.get() == 3);
}

}  // namespace
}  // namespace urb
