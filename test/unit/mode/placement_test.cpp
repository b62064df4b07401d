// Which worker gets it: the four policies.
#include "mode/placement.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

#include "support/child.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

std::vector<unsigned> picks(Placement& placement, std::size_t count) {
  std::vector<unsigned> out;
  for (std::size_t index = 0; index < count; ++index) out.push_back(placement.pick());
  return out;
}

TEST_CASE("placement: rr takes the workers in turn") {
  Placement placement{Policy::rr, 3, 1};
  CHECK(picks(placement, 7) == std::vector<unsigned>{0, 1, 2, 0, 1, 2, 0});
  CHECK(placement.pick(12345) == 1);  // a key does not matter to it
}

TEST_CASE("placement: one worker gets everything under every policy") {
  for (const Policy policy : {Policy::rr, Policy::random, Policy::least, Policy::key}) {
    Placement placement{policy, 1, 1};
    for (int count = 0; count < 10; ++count) CHECK(placement.pick(std::uint64_t(count)) == 0);
  }
}

TEST_CASE("placement: random repeats with its seed, differs without, and reaches all workers") {
  Placement first{Policy::random, 4, 7};
  Placement same{Policy::random, 4, 7};
  Placement other{Policy::random, 4, 8};
  const std::vector<unsigned> sequence = picks(first, 400);
  CHECK(picks(same, 400) == sequence);
  CHECK(picks(other, 400) != sequence);
  std::array<int, 4> hits{};
  for (const unsigned worker : sequence) {
    REQUIRE(worker < 4);
    ++hits[worker];
  }
  // 400 draws of 1/4: a count below 50 would be six standard deviations off.
  for (const int count : hits) CHECK(count > 50);
}

TEST_CASE("placement: random takes any seed, zero and the largest too") {
  for (const std::uint64_t seed :
       {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{2147483647}}) {
    Placement placement{Policy::random, 2, seed};
    std::array<int, 2> hits{};
    for (const unsigned worker : picks(placement, 100)) ++hits.at(worker);
    CHECK(hits[0] > 0);
    CHECK(hits[1] > 0);
  }
}

TEST_CASE("placement: least takes the worker with the fewest in flight") {
  Placement placement{Policy::least, 3, 1};
  std::array<int, 3> first{};
  for (const unsigned worker : picks(placement, 6)) ++first.at(worker);
  CHECK(first == std::array{2, 2, 2});
  placement.release(1);
  CHECK(placement.pick() == 1);
  placement.release(2);
  placement.release(2);
  CHECK(placement.pick() == 2);
  CHECK(placement.pick() == 2);
}

TEST_CASE("placement: least spreads ties instead of always taking the first") {
  Placement placement{Policy::least, 4, 1};
  std::array<int, 4> hits{};
  for (int count = 0; count < 8; ++count) {
    const unsigned worker = placement.pick();
    ++hits.at(worker);
    placement.release(worker);  // all are idle again: a tie each time
  }
  CHECK(hits == std::array{2, 2, 2, 2});
}

TEST_CASE("placement: least learns what has ended where others count it") {
  Placement placement{Policy::least, 2, 1};
  static_cast<void>(picks(placement, 4));  // two each
  placement.set_ended(1, 2);
  CHECK(picks(placement, 2) == std::vector<unsigned>{1, 1});
}

TEST_CASE("placement: key sends equal keys to the same worker, and spreads different ones") {
  Placement placement{Policy::key, 4, 1};
  for (std::uint64_t hash = 0; hash < 8; ++hash) {
    CHECK(placement.pick(hash) == hash % 4);
    CHECK(placement.pick(hash) == hash % 4);
  }
  CHECK(placement.pick(~std::uint64_t{0}) == 3);
}

TEST_CASE("placement: key without a key takes the workers in turn") {
  Placement placement{Policy::key, 3, 1};
  CHECK(placement.pick() == 0);
  CHECK(placement.pick(std::uint64_t{2}) == 2);
  CHECK(placement.pick() == 1);
  CHECK(placement.pick() == 2);
  CHECK(placement.pick() == 0);
}

TEST_CASE("placement: an absent worker gets nothing under any policy, until it is back") {
  for (const Policy policy : {Policy::rr, Policy::random, Policy::least, Policy::key}) {
    CAPTURE(name_of(policy));
    Placement placement{policy, 3, 1};
    placement.set_present(1, false);
    std::array<int, 3> hits{};
    for (std::uint64_t count = 0; count < 60; ++count) ++hits.at(placement.pick(count));
    CHECK(hits[0] > 0);
    CHECK(hits[1] == 0);
    CHECK(hits[2] > 0);
    placement.set_present(1, true);
    for (std::uint64_t count = 0; count < 60; ++count) ++hits.at(placement.pick(count));
    CHECK(hits[1] > 0);
  }
  Placement nobody{Policy::rr, 2, 1};
  nobody.set_present(0, false);
  nobody.set_present(1, false);
  CHECK(nobody.pick() < 2);  // and waits there
}

TEST_CASE("placement: least takes the replacement of a dead worker for idle") {
  Placement placement{Policy::least, 2, 1};
  static_cast<void>(picks(placement, 8));  // four each
  placement.set_ended(1, 3);
  placement.forget_all_but(1, 0);
  CHECK(picks(placement, 4) == std::vector<unsigned>{1, 1, 1, 1});
}

TEST_CASE("placement: least keeps what waits for the replacement of a dead worker") {
  Placement placement{Policy::least, 2, 1};
  static_cast<void>(picks(placement, 8));  // four each
  placement.forget_all_but(1, 3);
  CHECK(placement.pick() == 1);
  placement.set_ended(1, 4);  // of the replacement
  CHECK(picks(placement, 4) == std::vector<unsigned>{1, 1, 1, 1});
}

TEST_CASE("placement: an end that is told twice is a bug, not a worker that looks idle for ever") {
  CHECK(test::aborts([] {
    Placement placement{Policy::least, 2, 1};
    static_cast<void>(picks(placement, 2));
    placement.set_ended(1, 2);
    static_cast<void>(placement.pick());
  }));
}

TEST_CASE("placement: policies have the names that users type") {
  CHECK(name_of(Policy::rr) == "rr");
  CHECK(name_of(Policy::random) == "random");
  CHECK(name_of(Policy::least) == "least");
  CHECK(name_of(Policy::key) == "key");
}

}  // namespace
}  // namespace urb
