// The plan: when requests start and which of them count. Time is whatever the test says.
#include "load/plan.hpp"

#include <doctest/doctest.h>

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Nanos kStart = std::chrono::hours{5};

Plan plan_of(Nanos warmup, Nanos duration, std::optional<std::uint64_t> requests = {}) {
  PlanOptions options;
  options.warmup = warmup;
  options.duration = duration;
  options.requests = requests;
  Plan plan{options};
  plan.begin(kStart);
  return plan;
}

}  // namespace

TEST_CASE("without a warm-up the window may begin at once") {
  Plan plan = plan_of(Nanos{0}, seconds{1});
  CHECK(plan.is_warmup_done(kStart));
}

TEST_CASE("a request that ends in the warm-up does not count, one that ends in the window does") {
  Plan plan = plan_of(milliseconds{300}, seconds{1});
  CHECK(plan.next_start(kStart) == kStart);
  plan.on_start(kStart);
  plan.on_start(kStart);
  CHECK_FALSE(plan.on_end());
  CHECK_FALSE(plan.is_warmup_done(kStart + milliseconds{299}));
  CHECK(plan.next_change() == kStart + milliseconds{300});
  plan.begin_window(kStart + milliseconds{301});
  CHECK(plan.on_end());
}

TEST_CASE("the window lasts its duration from when it really began") {
  Plan plan = plan_of(milliseconds{300}, seconds{1});
  const Nanos begin = kStart + milliseconds{305};
  plan.begin_window(begin);
  CHECK(plan.next_change() == begin + seconds{1});
  CHECK_FALSE(plan.is_window_done(begin + seconds{1} - Nanos{1}));
  CHECK(plan.is_window_done(begin + seconds{1}));
  plan.end(begin + milliseconds{1002});
  CHECK(plan.window_length(begin + seconds{9}) == milliseconds{1002});
  CHECK(plan.next_start(begin + seconds{2}) == kNever);
  CHECK(plan.next_change() == kNever);
}

TEST_CASE("no more requests start than are wanted") {
  Plan plan = plan_of(Nanos{0}, seconds{1}, 3);
  plan.begin_window(kStart);
  CHECK(plan.next_change() == kNever);
  plan.on_start(kStart);
  plan.on_start(kStart);
  CHECK(plan.next_start(kStart) == kStart);
  plan.on_start(kStart);
  CHECK(plan.next_start(kStart) == kNever);
  CHECK(plan.on_end());
  CHECK(plan.next_start(kStart) == kNever);
  CHECK(plan.on_end());
  CHECK_FALSE(plan.is_window_done(kStart + seconds{100}));
  CHECK(plan.on_end());
  CHECK(plan.is_window_done(kStart));
}

TEST_CASE("requests from the warm-up that end in the window count towards the wanted number") {
  Plan plan = plan_of(milliseconds{1}, seconds{1}, 2);
  for (int i = 0; i < 4; ++i) plan.on_start(kStart);
  plan.begin_window(kStart + milliseconds{1});
  CHECK(plan.next_start(kStart + milliseconds{1}) == kNever);
  CHECK(plan.on_end());
  CHECK(plan.on_end());
  CHECK_FALSE(plan.on_end());
}

TEST_CASE("a load that ended in its warm-up had no window") {
  Plan plan = plan_of(seconds{1}, seconds{1});
  plan.end(kStart + milliseconds{10});
  CHECK(plan.window_length(kStart + seconds{1}) == Nanos{0});
}

namespace {

Plan open_plan(std::uint64_t rate, Nanos warmup, std::optional<std::uint64_t> requests = {}) {
  PlanOptions options;
  options.warmup = warmup;
  options.requests = requests;
  options.rate = rate;
  Plan plan{options};
  plan.begin(kStart);
  return plan;
}

}  // namespace

TEST_CASE("open loop: requests are planned at even spaces from the begin, without drift") {
  Plan plan = open_plan(3, Nanos{0});
  plan.begin_window(kStart);
  for (const std::int64_t ns : {0LL, 333'333'333LL, 666'666'666LL, 1'000'000'000LL}) {
    CHECK(plan.next_start(kStart) == kStart + Nanos{ns});
    CHECK(plan.on_start(kStart + Nanos{ns}) == kStart + Nanos{ns});
  }
}

TEST_CASE("open loop: what is late is due at once, and keeps the time it was planned for") {
  Plan plan = open_plan(10, Nanos{0});
  plan.begin_window(kStart);
  const Nanos late = kStart + milliseconds{250};
  for (const int ms : {0, 100, 200}) {
    CHECK(plan.next_start(late) == kStart + milliseconds{ms});
    CHECK(plan.on_start(late) == kStart + milliseconds{ms});
  }
  CHECK(plan.next_start(late) == kStart + milliseconds{300});
}

TEST_CASE("open loop: a pause of the client's own puts off what was planned for it, and no more") {
  Plan plan = open_plan(10, milliseconds{200});
  for (int count = 0; count < 2; ++count) static_cast<void>(plan.on_start(kStart));
  plan.begin_window(kStart + milliseconds{235}, milliseconds{35});
  CHECK(plan.next_start(kStart) == kStart + milliseconds{235});
}

TEST_CASE("open loop: what was planned in the window and not answered at its end is missed") {
  // 10 in the warm-up, 10 in the window; `started` of the 20 are sent, `ended` of them answered.
  const auto end_with = [](int started, int ended) {
    Plan plan = open_plan(10, seconds{1});
    plan.begin_window(kStart + seconds{1});
    for (int count = 0; count < started; ++count) static_cast<void>(plan.on_start(kStart));
    for (int count = 0; count < ended; ++count) static_cast<void>(plan.on_end());
    plan.end(kStart + seconds{2});
    return plan;
  };
  CHECK(end_with(20, 20).missed() == 0);
  CHECK(end_with(20, 18).missed() == 2);
  CHECK(end_with(20, 18).unsent() == 0);
  CHECK(end_with(15, 13).missed() == 7);
  CHECK(end_with(15, 13).unsent() == 5);
  // What was planned in the warm-up is not missed in the window.
  CHECK(end_with(4, 0).missed() == 10);
  CHECK(end_with(4, 0).unsent() == 10);
}

TEST_CASE("open loop: a number of requests ends it, and none of them is missed") {
  Plan plan = open_plan(10, Nanos{0}, 2);
  plan.begin_window(kStart);
  static_cast<void>(plan.on_start(kStart));
  static_cast<void>(plan.on_start(kStart));
  CHECK(plan.next_start(kStart + seconds{1}) == kNever);
  CHECK(plan.on_end());
  CHECK(plan.on_end());
  CHECK(plan.is_window_done(kStart + seconds{1}));
  plan.end(kStart + seconds{1});
  CHECK(plan.missed() == 0);
}

TEST_CASE("open loop: the highest rate and a long run do not overflow") {
  Plan plan = open_plan(1'000'000'000, Nanos{0});
  plan.begin_window(kStart);
  plan.end(kStart + std::chrono::hours{100});
  CHECK(plan.unsent() == 360'000ULL * 1'000'000'000);
}

}  // namespace urb
