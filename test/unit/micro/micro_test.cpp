// That every operation can be repeated, costs what it claims to, and leaves nothing behind.
#include "micro/micro.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/error.hpp"
#include "support/open_fds.hpp"

namespace urb::test {

TEST_SUITE_BEGIN("unit");

TEST_CASE("each operation runs as often as it is told and gives its descriptors back") {
  const std::atomic<bool> stop = false;
  for (const Micro& micro : all_micros()) {
    const std::string name{micro.name};
    CAPTURE(name);
    const std::size_t fds_before = open_fd_count();
    try {
      const std::unique_ptr<MicroWork> work = micro.make();
      const MicroResult result = measure_micro(*work, {Nanos{0}, Nanos{0}, 130}, stop);
      CHECK(result.operations == 130);
      CHECK_FALSE(result.interrupted);
      CHECK(result.elapsed > Nanos{0});
      // These are no work of a ring.
      const bool has_ring = !name.starts_with("pidfd-") && !name.starts_with("hop-sockmap-");
      CHECK((result.ring_enters > 0) == has_ring);
      CHECK((result.ring_sqes > 0) == has_ring);
    } catch (const Unsupported& error) {
      MESSAGE("skipped on this kernel: ", std::string{error.what()});
    }
    CHECK(open_fd_count() == fds_before);
  }
}

TEST_CASE("one enter for a NOP, or for 32 of them") {
  const std::atomic<bool> stop = false;
  const MicroPlan plan{Nanos{0}, Nanos{0}, 128};
  const MicroResult alone = measure_micro(*make_nop(1), plan, stop);
  CHECK(alone.ring_enters == 128);
  CHECK(alone.ring_sqes == 128);
  const MicroResult batched = measure_micro(*make_nop(32), plan, stop);
  CHECK(batched.ring_enters == 4);
  CHECK(batched.ring_sqes == 128);
}

TEST_CASE("a time is kept to, and a stop ends it") {
  std::atomic<bool> stop = false;
  const std::unique_ptr<MicroWork> work = make_nop(32);
  const MicroPlan plan{std::chrono::milliseconds{1}, std::chrono::milliseconds{5}, {}};
  CHECK(warm_up_micro(*work, plan, stop));
  const MicroResult result = measure_micro(*work, plan, stop);
  CHECK(result.elapsed >= plan.duration);
  CHECK(result.operations > 0);
  stop = true;
  CHECK_FALSE(warm_up_micro(*work, plan, stop));
  CHECK(measure_micro(*work, plan, stop).interrupted);
}

TEST_CASE("an operation is found by its name and by its mode") {
  REQUIRE(find_micro("nop") != nullptr);
  CHECK(find_micro("micro-nop") == find_micro("nop"));
  CHECK(find_micro("nothing") == nullptr);
  CHECK(find_micro("micro-") == nullptr);
}

TEST_SUITE_END();

}  // namespace urb::test
