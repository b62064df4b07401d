// Which of the kept connections to a worker are used again.
#include "net/upstream_pool.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

constexpr Nanos kIdleMax = std::chrono::seconds{2};

struct UpstreamRig {
  Ring ring;
  Counters counters;
  ChannelPair channel = make_channel();
  std::array<int, 1> channels{channel.master.get()};
  HandoverSender sender{ring, 1, channels, counters, 16};
  Nanos now = monotonic_now();
  UpstreamPool pool{sender, 1, 16, kIdleMax, counters};

  ~UpstreamRig() { sender.cut_off(); }

  /// Keeps one end of a pair, and returns the worker's.
  Fd keep() {
    int ends[2] = {-1, -1};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    pool.put_back(0, Fd{Adopt{}, ends[0]}, now);
    return Fd{Adopt{}, ends[1]};
  }
};

bool has_end(int fd) {
  char byte = 0;
  return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

TEST_CASE("upstream_pool: the one used last is used again") {
  UpstreamRig rig;
  const Fd older = rig.keep();
  const Fd newer = rig.keep();
  const Fd taken = rig.pool.take(0);
  REQUIRE(send(taken.get(), "x", 1, 0) == 1);
  char byte = 0;
  CHECK(recv(newer.get(), &byte, 1, MSG_DONTWAIT) == 1);
  CHECK(rig.counters.upstream_reused.get() == 1);
  CHECK(rig.counters.upstream_opened.get() == 0);
}

TEST_CASE("upstream_pool: one that says something unasked is not, nor one that has ended") {
  UpstreamRig rig;
  const Fd quiet = rig.keep();
  const Fd talking = rig.keep();
  REQUIRE(send(talking.get(), "x", 1, 0) == 1);
  Fd ended = rig.keep();
  ended.close();
  const Fd taken = rig.pool.take(0);
  REQUIRE(send(taken.get(), "x", 1, 0) == 1);
  char byte = 0;
  CHECK(recv(quiet.get(), &byte, 1, MSG_DONTWAIT) == 1);
  CHECK(send(talking.get(), "x", 1, MSG_NOSIGNAL) < 0);  // closed
  CHECK(rig.counters.upstream_reused.get() == 1);
  CHECK(rig.pool.take(0).is_open());
  CHECK(rig.counters.upstream_opened.get() == 1);
}

TEST_CASE("upstream_pool: one that nobody needs for long is closed, the ones in use are not") {
  UpstreamRig rig;
  CHECK(rig.pool.next_deadline() == kNever);
  const Nanos start = rig.now;
  const Fd oldest = rig.keep();
  rig.now += std::chrono::seconds{1};
  const Fd newest = rig.keep();
  CHECK(rig.pool.next_deadline() == start + kIdleMax);
  rig.pool.on_deadline(start + kIdleMax - Nanos{1});
  CHECK_FALSE(has_end(oldest.get()));
  rig.pool.on_deadline(start + kIdleMax);
  CHECK(has_end(oldest.get()));
  CHECK_FALSE(has_end(newest.get()));
  CHECK(rig.pool.next_deadline() == rig.now + kIdleMax);
  const Fd taken = rig.pool.take(0);
  CHECK(rig.counters.upstream_reused.get() == 1);
  CHECK(rig.pool.next_deadline() == kNever);
  rig.pool.on_deadline(rig.now + 10 * kIdleMax);
  CHECK_FALSE(has_end(newest.get()));
}

TEST_CASE("upstream_pool: none is kept for ever, even where clients may be idle for ever") {
  UpstreamRig rig;
  UpstreamPool pool{rig.sender, 1, 16, kNever, rig.counters};
  std::array<Fd, 2> ends = make_upstream_pair();
  pool.put_back(0, std::move(ends[0]), rig.now);
  CHECK(pool.next_deadline() == rig.now + kUpstreamIdleMax);
}

}  // namespace
}  // namespace urb
