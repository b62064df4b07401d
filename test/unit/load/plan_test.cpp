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
  plan.on_start();
  plan.on_start();
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
  plan.on_start();
  plan.on_start();
  CHECK(plan.next_start(kStart) == kStart);
  plan.on_start();
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
  for (int i = 0; i < 4; ++i) plan.on_start();
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

}  // namespace urb
