// The hello of a worker and the end of its predecessor's channel, in the order that a test chooses.
#include <doctest/doctest.h>
#include <poll.h>

#include <array>

#include "fault/made_up_kernel.hpp"
#include "mode/ring_transport.hpp"
#include "net/handover.hpp"

namespace urb {
namespace {

using test::Request;

TEST_SUITE_BEGIN("fault");

struct TransportRig {
  TransportRig() {
    context.take_descriptor = [this](unsigned, int number) {
      taken.push_back(number);
      return test::make_stream_pair().near;
    };
    context.kill_worker = [this](unsigned worker) { killed.push_back(worker); };
    transport.on_worker_lost(0);
  }
  /// A new process in the place of worker 0: its channel has the number that the old one had.
  void replace() {
    ChannelPair next = make_channel();
    REQUIRE(dup3(next.master.get(), channel.master.get(), O_CLOEXEC) >= 0);
    channel.worker = std::move(next.worker);
    transport.on_worker_back(0);
  }
  void say_hello(int number) {
    const RingHello hello{RingHello::kMagic, number};
    REQUIRE(send(channel.worker.get(), &hello, sizeof hello, MSG_NOSIGNAL) == sizeof hello);
  }
  bool is_present() {
    return placement.pick() == 0 || placement.pick() == 0;  // rr, and worker 1 is there
  }

  test::MadeUpKernel kernel;
  ServerConfig config = [] {
    ServerConfig made;
    made.workers = 2;
    return made;
  }();
  Counters counters;
  ChannelPair channel = make_channel();
  ChannelPair other = make_channel();
  std::array<int, 2> channels{channel.master.get(), other.master.get()};
  MasterContext context{{config, counters, 0, 64, {}, {}}, 0, channels, {}, {}, {}, {}, {}, {}};
  std::vector<int> taken;
  std::vector<unsigned> killed;
  Placement placement{Policy::rr, 2, 1};
  RingTransport transport{kernel.ring(), 1, context, placement};
};

TEST_CASE("ring transport: the end of a dead worker's channel is not its replacement's hello") {
  TransportRig rig;
  rig.replace();
  const Request first = rig.kernel.take_one(IORING_OP_POLL_ADD);
  // It dies before it has said anything. That is seen before its channel's end is.
  rig.transport.on_worker_lost(0);
  rig.replace();
  const Request second = rig.kernel.take_one(IORING_OP_POLL_ADD);
  rig.transport.on_completion(first.done(POLLIN | POLLHUP));
  CHECK(rig.killed.empty());
  CHECK(rig.kernel.has_none());
  CHECK_FALSE(rig.is_present());
  rig.say_hello(5);
  rig.transport.on_completion(second.done(POLLIN));
  CHECK(rig.killed.empty());
  CHECK(rig.taken == std::vector{5});
  CHECK(rig.is_present());
}

TEST_CASE("ring transport: a late end takes no hello that is there for the next poll") {
  TransportRig rig;
  rig.replace();
  const Request first = rig.kernel.take_one(IORING_OP_POLL_ADD);
  rig.transport.on_worker_lost(0);
  rig.replace();
  const Request second = rig.kernel.take_one(IORING_OP_POLL_ADD);
  rig.say_hello(6);
  rig.transport.on_completion(first.done(POLLIN | POLLHUP));
  CHECK(rig.taken.empty());
  rig.transport.on_completion(second.done(POLLIN));
  CHECK(rig.taken == std::vector{6});
  CHECK(rig.killed.empty());
}

TEST_CASE("ring transport: a wake-up without a hello waits for it, an end without one is the end") {
  TransportRig rig;
  rig.replace();
  rig.transport.on_completion(rig.kernel.take_one(IORING_OP_POLL_ADD).done(POLLIN));
  const Request again = rig.kernel.take_one(IORING_OP_POLL_ADD);
  CHECK(rig.killed.empty());
  rig.channel.worker.close();
  rig.transport.on_completion(again.done(POLLIN | POLLHUP));
  CHECK(rig.killed == std::vector{0U});
  CHECK_FALSE(rig.is_present());
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb
