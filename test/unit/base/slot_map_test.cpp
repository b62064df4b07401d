// Slots, generations, and the lifetimes of what lives in them.
#include "base/slot_map.hpp"

#include <doctest/doctest.h>

#include <set>

#include "base/deadline_queue.hpp"
#include "support/child.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

struct Tenant {
  explicit Tenant(int* alive_count) noexcept : alive{alive_count} { ++*alive; }
  Tenant(const Tenant&) = delete;
  Tenant& operator=(const Tenant&) = delete;
  ~Tenant() { --*alive; }
  std::uint32_t slot_index = 0;
  std::uint16_t generation = 0;
  int* alive;
};

TEST_CASE("slot_map: an index and a generation find their tenant and no other") {
  int alive = 0;
  SlotMap<Tenant> slots{4};
  Tenant* const first = slots.try_emplace(&alive);
  Tenant* const second = slots.try_emplace(&alive);
  REQUIRE(first != nullptr);
  REQUIRE(second != nullptr);
  CHECK(first->slot_index != second->slot_index);
  CHECK(slots.find(first->slot_index, first->generation) == first);
  CHECK(slots.find(second->slot_index, second->generation) == second);
  CHECK(slots.find(first->slot_index, static_cast<std::uint16_t>(first->generation + 1)) ==
        nullptr);
  CHECK(&slots.at(second->slot_index) == second);
}

TEST_CASE("slot_map: indexes that are free or out of range find nothing") {
  int alive = 0;
  SlotMap<Tenant> slots{2};
  CHECK(slots.find(0, 0) == nullptr);
  CHECK(slots.find(2, 0) == nullptr);
  CHECK(slots.find(0xFFFFFFFF, 0) == nullptr);
  CHECK(slots.try_emplace(&alive) != nullptr);
  CHECK(slots.find(1, 0) == nullptr);
}

TEST_CASE("slot_map: the token of a previous tenant finds nothing") {
  int alive = 0;
  SlotMap<Tenant> slots{1};
  Tenant* tenant = slots.try_emplace(&alive);
  const std::uint32_t index = tenant->slot_index;
  const std::uint16_t old_generation = tenant->generation;
  slots.release(*tenant);
  CHECK(slots.find(index, old_generation) == nullptr);
  tenant = slots.try_emplace(&alive);
  REQUIRE(tenant->slot_index == index);
  CHECK(slots.find(index, old_generation) == nullptr);
  CHECK(slots.find(index, tenant->generation) == tenant);
}

TEST_CASE("slot_map: a slot has 65,536 generations before one comes again") {
  int alive = 0;
  SlotMap<Tenant> slots{1};
  std::set<std::uint16_t> seen;
  for (int count = 0; count < 65536; ++count) {
    Tenant* const tenant = slots.try_emplace(&alive);
    seen.insert(tenant->generation);
    slots.release(*tenant);
  }
  CHECK(seen.size() == 65536);
}

TEST_CASE("slot_map: a full map says no, and a release makes room again") {
  int alive = 0;
  SlotMap<Tenant> slots{3};
  Tenant* last = nullptr;
  for (int count = 0; count < 3; ++count) last = slots.try_emplace(&alive);
  CHECK(slots.is_full());
  CHECK(slots.size() == 3);
  CHECK(slots.try_emplace(&alive) == nullptr);
  CHECK(alive == 3);
  slots.release(*last);
  CHECK(slots.size() == 2);
  CHECK_FALSE(slots.is_full());
  CHECK(slots.try_emplace(&alive) != nullptr);
}

TEST_CASE("slot_map: the lowest index goes first, so few tenants touch few pages") {
  int alive = 0;
  SlotMap<Tenant> slots{1000};
  for (std::uint32_t expected = 0; expected < 3; ++expected) {
    CHECK(slots.try_emplace(&alive)->slot_index == expected);
  }
  slots.release(slots.at(1));
  CHECK(slots.try_emplace(&alive)->slot_index == 1);
}

TEST_CASE("slot_map: tenants are destroyed once, by release or with the map") {
  int alive = 0;
  {
    SlotMap<Tenant> slots{4};
    for (int count = 0; count < 4; ++count) REQUIRE(slots.try_emplace(&alive) != nullptr);
    slots.release(slots.at(2));
    CHECK(alive == 3);
    int visited = 0;
    slots.for_each([&visited](Tenant&) { ++visited; });
    CHECK(visited == 3);
  }
  CHECK(alive == 0);
}

TEST_CASE("slot_map: tenants keep their address while others come and go") {
  int alive = 0;
  SlotMap<Tenant> slots{64};
  Tenant* const kept = slots.try_emplace(&alive);
  for (int round = 0; round < 10; ++round) {
    while (!slots.is_full()) static_cast<void>(slots.try_emplace(&alive));
    for (std::uint32_t index = 1; index < 64; ++index) slots.release(slots.at(index));
  }
  CHECK(slots.find(0, kept->generation) == kept);
}

struct Waiter {
  std::uint32_t slot_index = 0;
  std::uint16_t generation = 0;
  Deadline<Waiter> deadline;
  ListHook<Waiter> deadline_hook;
};

TEST_CASE("slot_map: releasing a tenant whose deadline is armed aborts") {
  SlotMap<Waiter> slots{1};
  DeadlineQueue<Waiter, 1> deadlines{{Nanos{1}}};
  Waiter* const waiter = slots.try_emplace();
  REQUIRE(waiter != nullptr);
  deadlines.arm(*waiter, 0, Nanos{});
  CHECK(test::aborts([&] { slots.release(*waiter); }));
  deadlines.disarm(*waiter);
  slots.release(*waiter);
  CHECK(slots.size() == 0);
}

TEST_CASE("slot_map: releasing what is not a tenant aborts") {
  CHECK(test::aborts([] {
    int alive = 0;
    SlotMap<Tenant> slots{2};
    Tenant outside{&alive};
    slots.release(outside);
  }));
  CHECK(test::aborts([] {
    SlotMap<Tenant> slots{2};
    static_cast<void>(slots.at(1));
  }));
}

}  // namespace
}  // namespace urb
