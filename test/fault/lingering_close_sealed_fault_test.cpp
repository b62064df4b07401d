// Seeing a connection off whose records the kernel seals: what its client may say meanwhile, and
// what it takes.
#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "fault/made_up_kernel.hpp"
#include "net/lingering_close.hpp"

namespace urb {
namespace {

using namespace std::string_view_literals;
using test::MadeUpKernel;
using test::Request;

constexpr unsigned char kAlert = 21;
constexpr unsigned char kHandshake = 22;
constexpr unsigned char kData = 23;
constexpr std::string_view kEnd = "\x01\x00"sv;
constexpr std::string_view kFatal = "\x02\x32"sv;
constexpr std::string_view kKeyUpdate = "\x18\x00\x00\x01\x00"sv;
constexpr std::string_view kRest = "some bytes that a client has not taken";

struct SealedCloseRig {
  static constexpr std::uint8_t kOwner = 5;
  static Features with_socket_command() {
    Features features = kernel_features();
    features.add(Feature::socket_command);
    return features;
  }

  /// Begins behind an answer of which the client has not taken kRest, up to our end.
  Fd begin(bool takes_all = false) {
    test::StreamPair pair = test::make_stream_pair();
    near = pair.near.get();
    if (!takes_all) {
      REQUIRE(send(near, kRest.data(), kRest.size(), 0) == static_cast<ssize_t>(kRest.size()));
    }
    lingering_close.begin(std::move(pair.near), 0, kernel.ring().now());
    return std::move(pair.far);
  }
  /// The same on a direct socket.
  void begin_direct() { lingering_close.begin(Socket{kernel.ring(), 0}, 0, kernel.ring().now()); }
  /// Our end is out; returns the receive of the client's.
  Request say_end() {
    const Request end = kernel.take_one(IORING_OP_SENDMSG);
    CHECK(end.record_type() == kAlert);
    CHECK(end.text() == kEnd);
    lingering_close.on_completion(end.done_fully());
    return kernel.take_one(IORING_OP_RECVMSG);
  }
  static void take_rest(const Fd& client) {
    std::string text(kRest.size(), '\0');
    REQUIRE(recv(client.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }
  Nanos pass_deadline() {
    const Nanos due = lingering_close.next_deadline();
    REQUIRE(due != kNever);
    lingering_close.on_deadline(due);
    return due;
  }
  void expect_close(unsigned cut) {
    kernel.take_one(IORING_OP_CLOSE).closes();
    CHECK(lingering_close.is_idle());
    CHECK(lingering_close.next_deadline() == kNever);
    CHECK(counters.tls_ends_cut.get() == cut);
  }

  Counters counters;
  MadeUpKernel kernel{-1, with_socket_command()};
  LingeringClose lingering_close{kernel.ring(), kOwner, counters, 4, EndBy::close_notify};
  int near = -1;
};

TEST_SUITE_BEGIN("fault");

TEST_CASE("lingering close of TLS: what one client says is not taken for another's") {
  SealedCloseRig rig;
  const Fd first = rig.begin();
  const Request of_first = rig.say_end();
  const Fd second = rig.begin(/*takes_all=*/true);
  const Request of_second = rig.say_end();
  // Both receives have been done when the first is looked at.
  const Completion end = of_first.brings_record(kAlert, kEnd);
  const Completion data = of_second.brings_record(kData, std::string(2000, 'x'));
  rig.lingering_close.on_completion(end);
  CHECK(rig.kernel.has_none());  // an end, and no failure
  rig.take_rest(first);
  for (int looks = 0; looks < 2; ++looks) rig.pass_deadline();
  rig.kernel.take_one(IORING_OP_CLOSE).closes();
  rig.lingering_close.on_completion(data);
  rig.lingering_close.on_completion(rig.kernel.take_one(IORING_OP_RECVMSG).done(0));
  rig.expect_close(0);
}

TEST_CASE("lingering close of TLS: a client that ends while it is looked at is looked at once") {
  SealedCloseRig rig;
  rig.begin_direct();
  const Request drain = rig.say_end();
  rig.pass_deadline();  // our end went out: a move
  rig.pass_deadline();
  const Request look = rig.kernel.take_one(IORING_OP_URING_CMD);
  rig.lingering_close.on_completion(drain.brings_record(kAlert, kEnd));
  CHECK(rig.kernel.has_none());
  rig.lingering_close.on_completion(look.done(0));
  CHECK(rig.kernel.take_one(IORING_OP_CLOSE).is_detached());
  CHECK(rig.lingering_close.is_idle());
  CHECK(rig.counters.tls_ends_cut.get() == 0);
}

TEST_CASE("lingering close of TLS: a client that changes its keys may take the rest") {
  SealedCloseRig rig;
  const Fd client = rig.begin();
  rig.lingering_close.on_completion(rig.say_end().brings_record(kHandshake, kKeyUpdate));
  CHECK(rig.kernel.has_none());  // waits, and receives no more
  rig.take_rest(client);
  for (int looks = 0; looks < 2; ++looks) rig.pass_deadline();
  rig.expect_close(0);
}

TEST_CASE("lingering close of TLS: what a client has not taken is counted, whatever ends it") {
  for (const bool takes_all : {false, true}) {
    const unsigned cut = takes_all ? 0 : 1;
    {
      SealedCloseRig rig;
      const Fd client = rig.begin(takes_all);
      rig.lingering_close.on_completion(rig.say_end().brings_record(kAlert, kFatal));
      rig.expect_close(cut);
    }
    {
      SealedCloseRig rig;
      const Fd client = rig.begin(takes_all);
      rig.lingering_close.on_completion(rig.kernel.take_one(IORING_OP_SENDMSG).done(-EPIPE));
      rig.expect_close(cut);
    }
    SealedCloseRig rig;
    const Fd client = rig.begin(takes_all);
    const Request drain = rig.say_end();
    rig.lingering_close.cut_off();
    rig.lingering_close.cut_off();
    CHECK(rig.kernel.has_none());
    rig.lingering_close.on_completion(drain.done(0));
    rig.expect_close(cut);
  }
}

TEST_CASE("lingering close of TLS: a direct socket is asked what its client has not taken") {
  SealedCloseRig rig;
  rig.begin_direct();
  const Request drain = rig.say_end();
  rig.lingering_close.on_completion(drain.brings_record(kAlert, kFatal));
  const Request look = rig.kernel.take_one(IORING_OP_URING_CMD);
  CHECK(rig.lingering_close.next_deadline() == kNever);
  rig.lingering_close.on_completion(look.done(100));
  CHECK(rig.kernel.take_one(IORING_OP_CLOSE).is_detached());
  CHECK(rig.lingering_close.is_idle());
  CHECK(rig.counters.tls_ends_cut.get() == 1);
}

TEST_CASE("lingering close of TLS: a client that takes a byte now and then has its time") {
  SealedCloseRig rig;
  test::StreamPair pair = test::make_stream_pair();
  rig.near = pair.near.get();
  for (int count = 0; count < 100; ++count) REQUIRE(send(rig.near, "x", 1, 0) == 1);
  const Nanos begun = rig.kernel.ring().now();
  rig.lingering_close.begin(std::move(pair.near), 0, begun);
  rig.lingering_close.on_completion(rig.say_end().brings_record(kAlert, kEnd));
  Nanos now = begun;
  unsigned looks = 0;
  for (; rig.kernel.has_none(); ++looks) {
    char byte = 0;
    REQUIRE(recv(pair.far.get(), &byte, 1, MSG_DONTWAIT) == 1);
    now = rig.pass_deadline();
    REQUIRE(now < begun + 2 * kLingerMax);
    if (rig.lingering_close.is_idle()) break;
  }
  CHECK(now >= begun + kLingerMax);
  CHECK(now < begun + kLingerMax + kLingerIdle);
  CHECK(looks < 30);
  rig.expect_close(1);
}

TEST_CASE("lingering close of TLS: an end that has come already is not waited for") {
  for (const bool takes_all : {true, false}) {
    SealedCloseRig rig;
    test::StreamPair pair = test::make_stream_pair();
    if (!takes_all) REQUIRE(send(pair.near.get(), kRest.data(), kRest.size(), 0) > 0);
    rig.lingering_close.begin(std::move(pair.near), 0, rig.kernel.ring().now(), false,
                              /*peer_has_ended=*/true);
    rig.lingering_close.on_completion(rig.kernel.take_one(IORING_OP_SENDMSG).done_fully());
    if (!takes_all) {
      CHECK(rig.kernel.has_none());
      rig.take_rest(pair.far);
      for (int looks = 0; looks < 2; ++looks) rig.pass_deadline();
    }
    rig.expect_close(0);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb
