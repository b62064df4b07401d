// Where copying stops to pay: made-up figures, and one look at the real ones.
#include "experiment/relay_crossing.hpp"

#include <doctest/doctest.h>

#include <utility>

namespace urb {
namespace {

// Costs of sizes 1k, 2k, 4k …: copy and splice, in microseconds.
std::vector<RelayCost> make_costs(std::initializer_list<std::pair<int, int>> pairs) {
  std::vector<RelayCost> costs;
  std::uint64_t size = 1024;
  for (const auto& [copy, splice] : pairs) {
    costs.push_back(
        {Bytes{size}, std::chrono::microseconds{copy}, std::chrono::microseconds{splice}});
    size *= 2;
  }
  return costs;
}

TEST_SUITE_BEGIN("unit");

TEST_CASE("crossing: the last size before splicing is the cheaper way") {
  CHECK(find_crossing(make_costs({{5, 9}, {7, 9}, {11, 10}, {20, 12}})) == Bytes{2048});
  CHECK(find_crossing(make_costs({{5, 9}, {7, 9}, {8, 10}})) == Bytes{4096});
  CHECK(find_crossing(make_costs({{9, 8}, {20, 9}})) == Bytes{0});
  CHECK(find_crossing({}) == Bytes{0});
}

TEST_CASE("crossing: one disturbed figure does not move it far") {
  CHECK(find_crossing(make_costs({{5, 9}, {7, 9}, {11, 10}, {20, 12}, {28, 30}})) == Bytes{2048});
  CHECK(find_crossing(make_costs({{5, 9}, {10, 9}, {8, 10}, {20, 12}})) == Bytes{4096});
}

TEST_CASE("crossing: every size is measured, and larger transfers cost more") {
  const std::vector<RelayCost> costs = measure_relay_costs(5);
  REQUIRE(costs.size() == 7);
  CHECK(costs.front().size == Bytes{512});
  CHECK(costs.back().size == Bytes{32768});
  for (const RelayCost& cost : costs) {
    CHECK(cost.copy > Nanos{0});
    CHECK(cost.splice > Nanos{0});
  }
  // 64 times the bytes, two copies of them.
  CHECK(costs.back().copy > costs.front().copy);
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb
