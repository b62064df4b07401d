// A hello reader with its lingering close on a made-up kernel.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>

#include "fault/made_up_kernel.hpp"
#include "net/hello_reader.hpp"
#include "support/hello_bytes.hpp"

namespace urb::test {

inline constexpr Nanos kHelloTimeout = std::chrono::seconds{3};

struct HelloRig {
  enum Owner : std::uint8_t { kHellos = 1, kLingeringClose };

  Fd begin() {
    StreamPair pair = make_stream_pair();
    near = pair.near.get();
    hellos.begin(std::move(pair.near));
    return std::move(pair.far);
  }
  void deliver(const Completion& done) {
    if (done.token.owner == kLingeringClose) return lingering_close.on_completion(done);
    seen = hellos.on_completion(done);
  }
  /// The look in flight, which has to take nothing.
  Request take_look() {
    const Request look = kernel.take_one(IORING_OP_RECV);
    CHECK(look.io_flags == MSG_PEEK);
    return look;
  }
  void look(std::string_view text) { deliver(take_look().brings(text)); }
  void poll(int events) { deliver(kernel.take_one(IORING_OP_POLL_ADD).done(events)); }
  [[nodiscard]] int low_water() const {
    int mark = 0;
    socklen_t size = sizeof mark;
    REQUIRE(getsockopt(near, SOL_SOCKET, SO_RCVLOWAT, &mark, &size) == 0);
    return mark;
  }
  void expect_seen(std::string_view name) {
    REQUIRE(seen);
    CHECK(seen->name_hash == tls::hash_of_name(name));
    CHECK(low_water() == 1);
    CHECK(kernel.has_none());
    CHECK(counters.hellos_seen.get() == 1);
    CHECK(counters.handshake_errors.get() == 0);
    seen.reset();
    expect_idle();
  }
  void expect_close() {
    kernel.take_one(IORING_OP_CLOSE).closes();
    expect_idle();
    CHECK(counters.connections_closed.get() == 1);
    CHECK(counters.handshake_errors.get() == 1);
    CHECK(counters.hellos_seen.get() == 0);
  }
  void expect_idle() {
    CHECK_FALSE(seen);
    CHECK(hellos.is_idle());
    CHECK(lingering_close.is_idle());
    CHECK(kernel.has_none());
    CHECK(hellos.next_deadline() == kNever);
  }

  Counters counters;
  MadeUpKernel kernel;
  LingeringClose lingering_close{kernel.ring(), kLingeringClose, counters, 8};
  HelloReader hellos{kernel.ring(), kHellos, lingering_close, counters, kHelloTimeout, 40};
  std::optional<SeenHello> seen;
  int near = -1;
};

}  // namespace urb::test
