// What the host's books call a ring's wait for a socket.
#include <doctest/doctest.h>
#include <poll.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>

#include "support/guest_tests.hpp"
#include "unit/uring/pool_rig.hpp"
#include "uring/features.hpp"
#include "uring/ring.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

// Of all CPUs since the start, in clock ticks (proc_stat(5)).
struct IdleTicks {
  std::uint64_t idle = 0;
  std::uint64_t iowait = 0;
};

IdleTicks read_idle_ticks() {
  std::ifstream file{"/proc/stat"};
  std::string cpu;
  std::uint64_t user = 0, nice = 0, system = 0;
  IdleTicks ticks;
  file >> cpu >> user >> nice >> system >> ticks.idle >> ticks.iowait;
  REQUIRE(file.good());
  return ticks;
}

// What a second of waiting for a socket that says nothing adds to the books.
IdleTicks wait_a_second(Features features) {
  Ring ring{{8, 64, features}};
  const test::Sockets sockets;
  // Without a request under way the kernel calls no wait iowait.
  sockets.near.prep_poll(ring.sqe({}), POLLIN);
  ring.submit();
  const IdleTicks before = read_idle_ticks();
  ring.submit_and_wait(monotonic_now() + std::chrono::seconds{1});
  const IdleTicks after = read_idle_ticks();
  ring.drain();
  return {after.idle - before.idle, after.iowait - before.iowait};
}

// In a guest nobody else waits, and time does not pass while the host is busy.
TEST_CASE("ring: waiting for a socket is idle time where the kernel can be told so") {
  if (!test::is_in_guest()) return;
  constexpr std::uint64_t kMost = 90;  // of 100 ticks: the rest is rounding
  const Features here = kernel_features();
  const IdleTicks without_it = wait_a_second(without(here, "no_iowait"));
  CHECK(without_it.iowait >= kMost);
  CHECK(without_it.idle <= 10);
  if (!here.has(Feature::no_iowait)) return;
  const IdleTicks with_it = wait_a_second(here);
  CHECK(with_it.idle >= kMost);
  CHECK(with_it.iowait <= 10);
}

}  // namespace
}  // namespace urb
