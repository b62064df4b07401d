// Which of the kept connections to a worker are used again.
#include "net/upstream_pool.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

struct UpstreamRig {
  Ring ring;
  Counters counters;
  ChannelPair channel = make_channel();
  std::array<int, 1> channels{channel.master.get()};
  HandoverSender sender{ring, 1, channels, counters, 16};
  UpstreamPool pool{sender, 1, 16, counters};

  ~UpstreamRig() { sender.cut_off(); }

  /// Keeps one end of a pair, and returns the worker's.
  Fd keep() {
    int ends[2] = {-1, -1};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    pool.put_back(0, Fd{Adopt{}, ends[0]});
    return Fd{Adopt{}, ends[1]};
  }
};

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

}  // namespace
}  // namespace urb
