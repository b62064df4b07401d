// Listening and accepting on real sockets.
#include "net/acceptor.hpp"

#include <doctest/doctest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "support/child.hpp"
#include "support/deadline.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

constexpr std::uint8_t kOwner = 1;

Fd connect_to(const Address& address) {
  Fd fd{Adopt{}, ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (connect(fd.get(), address.raw(), address.raw_bytes()) != 0) fd.close();
  return fd;
}

// An acceptor on its own ring, run by hand.
struct Accepting {
  Counters counters;
  Ring ring{{8, 64}};
  Fd listener = make_listener(Address::loopback(0), false);
  Address address = Address::of_socket(listener.get());
  Acceptor acceptor{ring, kOwner, listener.get(), 0, counters};
  std::vector<Fd> accepted;

  void turn() {
    ring.submit_and_wait(
        std::min(acceptor.next_deadline(), monotonic_now() + std::chrono::milliseconds{1}));
    std::array<Completion, 16> batch;
    const std::size_t count = ring.collect(batch);
    for (std::size_t index = 0; index < count; ++index) {
      if (Socket socket = acceptor.on_completion(batch[index]); socket.is_open()) {
        accepted.push_back(socket.take_fd());
      }
    }
    const Nanos now = monotonic_now();
    if (acceptor.next_deadline() <= now) acceptor.on_deadline(now);
  }
  template <class F>
  [[nodiscard]] bool turn_until(F&& holds) {
    return test::wait_until([&] {
      turn();
      return holds();
    });
  }
};

TEST_CASE("acceptor: clients are accepted, close-on-exec and without Nagle's delay") {
  Accepting rig;
  rig.acceptor.start();
  rig.ring.submit();
  std::vector<Fd> clients;
  for (int count = 0; count < 5; ++count) clients.push_back(connect_to(rig.address));
  REQUIRE(rig.turn_until([&] { return rig.accepted.size() == 5; }));
  for (const Fd& fd : rig.accepted) {
    CHECK((fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
    int no_delay = 0;
    socklen_t size = sizeof no_delay;
    REQUIRE(getsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size) == 0);
    CHECK(no_delay != 0);
  }
  rig.acceptor.begin_stop();
  CHECK(rig.turn_until([&] { return rig.acceptor.is_idle(); }));
  CHECK(rig.counters.accept_errors.get() == 0);
  // One for all of them, where the kernel has it.
  const bool is_multishot = rig.ring.counters().used.has(Feature::accept_multishot);
  CHECK(rig.counters.accepts_armed.get() == (is_multishot ? 1 : 6));
}

TEST_CASE("acceptor: a port that is taken is an error that names it and the remedy") {
  const Fd first = make_listener(Address::loopback(0), false);
  const Address address = Address::of_socket(first.get());
  try {
    const Fd second = make_listener(address, false);
    FAIL("bound twice");
  } catch (const SysError& error) {
    CHECK(error.error() == EADDRINUSE);
    CHECK(error.call() == "bind to " + format_address(address));
    CHECK_FALSE(error.hint().empty());
  }
}

TEST_CASE("acceptor: listeners that share a port all get it") {
  const Fd first = make_listener(Address::loopback(0), true);
  const Address address = Address::of_socket(first.get());
  const Fd second = make_listener(address, true);
  CHECK(Address::of_socket(second.get()).port() == address.port());
}

// In a child, since the limit is the process's. Every descriptor is taken when the client comes;
// the acceptor has to notice, wait, and accept it once there is room again.
TEST_CASE("acceptor: out of descriptors it backs off, and comes back when there are some") {
  const int status = test::exit_status_of([] {
    Accepting rig;
    // Before the start: an accept keeps the limit of the time it was submitted (io_accept_prep).
    const rlimit few{64, 64};
    setrlimit(RLIMIT_NOFILE, &few);
    rig.acceptor.start();
    rig.ring.submit();
    Fd client{Adopt{}, ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    std::vector<Fd> taken;
    for (int raw = dup(client.get()); raw >= 0; raw = dup(client.get()))
      taken.push_back(Fd{Adopt{}, raw});
    if (connect(client.get(), rig.address.raw(), rig.address.raw_bytes()) != 0) return 2;
    if (!rig.turn_until([&] { return rig.acceptor.next_deadline() != kNever; })) return 3;
    if (!rig.accepted.empty()) return 4;
    // It waits for its deadline: between two tries there is nothing in flight.
    const std::uint64_t errors = rig.counters.accept_errors.get();
    if (errors == 0 || rig.ring.in_flight() != 0) return 5;
    // Still none: the second try fails as well, and backs off again.
    if (!rig.turn_until([&] { return rig.counters.accept_errors.get() > errors; })) return 6;
    if (rig.acceptor.next_deadline() == kNever) return 7;
    taken.clear();
    if (!rig.turn_until([&] { return rig.accepted.size() == 1; })) return 8;
    return 42;
  });
  CHECK(status == 42);
}

}  // namespace
}  // namespace urb
