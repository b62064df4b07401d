// Counters as a copy of a page, and the difference of two.
#include "stats/counters.hpp"

#include <doctest/doctest.h>

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

TEST_CASE("counters: a copy has each count, and the difference is count by count") {
  Counters page{};
  std::uint64_t amount = 0;
#define URB_COUNTER(name) page.name.add(++amount);
#include "stats/counters.inc"
  const Counts before{page};
#define URB_COUNTER(name) page.name.add(1000);
#include "stats/counters.inc"
  Counts gained{page};
  gained -= before;
  Counts sum = before;
  sum += gained;
  std::uint64_t expected = 0;
#define URB_COUNTER(name)           \
  CHECK(before.name == ++expected); \
  CHECK(gained.name == 1000);       \
  CHECK(sum.name == page.name.get());
#include "stats/counters.inc"
  CHECK(expected > 20);
}

}  // namespace
}  // namespace urb

TEST_SUITE_END();
