// Order and membership of the hooked list.
#include "base/intrusive_list.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

#include "support/child.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

struct Item {
  int value = 0;
  ListHook<Item> hook;
  ListHook<Item> other_hook;
};
using List = IntrusiveList<Item, &Item::hook>;

std::vector<int> drain(List& list) {
  std::vector<int> values;
  while (const Item* const item = list.pop_front()) values.push_back(item->value);
  return values;
}

TEST_CASE("intrusive_list: first in, first out") {
  std::array<Item, 3> items{{{1, {}, {}}, {2, {}, {}}, {3, {}, {}}}};
  List list;
  CHECK(list.front() == nullptr);
  CHECK(list.pop_front() == nullptr);
  for (Item& item : items) list.push_back(item);
  CHECK(list.front() == items.data());
  CHECK(drain(list) == std::vector{1, 2, 3});
  CHECK(list.front() == nullptr);
}

// Removal from either end and from the middle, in all orders of three.
TEST_CASE("intrusive_list: any member may leave, and the others keep their order") {
  const std::vector<std::vector<int>> left{{2, 3}, {1, 3}, {1, 2}};
  for (std::size_t removed = 0; removed < 3; ++removed) {
    std::array<Item, 3> items{{{1, {}, {}}, {2, {}, {}}, {3, {}, {}}}};
    List list;
    for (Item& item : items) list.push_back(item);
    list.remove(items[removed]);
    CHECK_FALSE(items[removed].hook.is_linked);
    list.remove(items[removed]);  // a second time does nothing
    CHECK(drain(list) == left[removed]);
  }
}

TEST_CASE("intrusive_list: who leaves may come back, at the end") {
  std::array<Item, 2> items{{{1, {}, {}}, {2, {}, {}}}};
  List list;
  for (Item& item : items) list.push_back(item);
  list.remove(items[0]);
  list.push_back(items[0]);
  CHECK(drain(list) == std::vector{2, 1});
  list.push_back(items[1]);
  CHECK(drain(list) == std::vector{2});
}

TEST_CASE("intrusive_list: two hooks are two independent memberships") {
  Item item{7, {}, {}};
  List list;
  IntrusiveList<Item, &Item::other_hook> other;
  list.push_back(item);
  other.push_back(item);
  list.remove(item);
  CHECK(list.front() == nullptr);
  CHECK(other.front() == &item);
}

TEST_CASE("intrusive_list: joining twice aborts") {
  CHECK(test::aborts([] {
    Item item;
    List list;
    list.push_back(item);
    list.push_back(item);
  }));
}

}  // namespace
}  // namespace urb
