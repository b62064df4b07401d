// Arming, re-arming and expiry, with made-up times.
#include "base/deadline_queue.hpp"

#include <doctest/doctest.h>

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

struct Object {
  Deadline<Object> deadline;
  ListHook<Object> deadline_hook;
};
enum : std::size_t { kShort, kLong, kOff };
using Queue = DeadlineQueue<Object, 3>;

Queue make_queue() { return Queue{{Nanos{10}, Nanos{100}, kNever}}; }

TEST_CASE("deadline_queue: with nothing armed there is no deadline") {
  Queue queue = make_queue();
  CHECK(queue.next() == kNever);
  CHECK(queue.take_due(Nanos{1'000'000}) == nullptr);
}

TEST_CASE("deadline_queue: due exactly one length after arming, not before") {
  Queue queue = make_queue();
  Object object;
  queue.arm(object, kShort, Nanos{1000});
  CHECK(queue.next() == Nanos{1010});
  CHECK(queue.take_due(Nanos{1009}) == nullptr);
  CHECK(queue.take_due(Nanos{1010}) == &object);
  CHECK_FALSE(object.deadline.is_armed());
  CHECK(queue.next() == kNever);
}

TEST_CASE("deadline_queue: the earliest of all kinds is next") {
  Queue queue = make_queue();
  Object slow;
  Object fast;
  queue.arm(slow, kLong, Nanos{0});
  CHECK(queue.next() == Nanos{100});
  queue.arm(fast, kShort, Nanos{50});
  CHECK(queue.next() == Nanos{60});
  queue.disarm(fast);
  CHECK(queue.next() == Nanos{100});
}

TEST_CASE("deadline_queue: arming again moves the deadline, also to another kind") {
  Queue queue = make_queue();
  Object object;
  queue.arm(object, kShort, Nanos{0});
  queue.arm(object, kShort, Nanos{5});
  CHECK(queue.take_due(Nanos{14}) == nullptr);
  CHECK(queue.next() == Nanos{15});
  queue.arm(object, kLong, Nanos{5});
  CHECK(queue.next() == Nanos{105});
  CHECK(queue.take_due(Nanos{15}) == nullptr);
  CHECK(queue.take_due(Nanos{105}) == &object);
  CHECK(object.deadline.kind == kLong);  // the caller may ask which of them it was
}

TEST_CASE("deadline_queue: a renewed object lets the one behind it be next") {
  Queue queue = make_queue();
  Object first;
  Object second;
  queue.arm(first, kShort, Nanos{0});
  queue.arm(second, kShort, Nanos{1});
  queue.arm(first, kShort, Nanos{2});
  CHECK(queue.next() == Nanos{11});
  CHECK(queue.take_due(Nanos{20}) == &second);
  CHECK(queue.take_due(Nanos{20}) == &first);
  CHECK(queue.take_due(Nanos{20}) == nullptr);
}

TEST_CASE("deadline_queue: a kind that is switched off disarms") {
  Queue queue = make_queue();
  Object object;
  queue.arm(object, kShort, Nanos{0});
  queue.arm(object, kOff, Nanos{0});
  CHECK_FALSE(object.deadline.is_armed());
  CHECK(queue.next() == kNever);
  queue.arm(object, kShort, Nanos{0});  // and it can be armed again
  CHECK(queue.take_due(Nanos{10}) == &object);
}

TEST_CASE("deadline_queue: disarming what is not armed does nothing") {
  Queue queue = make_queue();
  Object object;
  queue.disarm(object);
  queue.arm(object, kLong, Nanos{0});
  queue.disarm(object);
  queue.disarm(object);
  CHECK(queue.next() == kNever);
}

}  // namespace
}  // namespace urb
