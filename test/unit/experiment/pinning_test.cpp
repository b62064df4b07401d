// Lists of CPUs and how they are shared out, on machines that are made up.
#include "experiment/pinning.hpp"

#include <doctest/doctest.h>
#include <sched.h>

#include "base/error.hpp"
#include "support/child.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using Cpus = std::vector<unsigned>;

urb::PinRequest parse(std::string_view text) {
  auto parsed = urb::parse_pin(text);
  REQUIRE(std::holds_alternative<urb::PinRequest>(parsed));
  return std::get<urb::PinRequest>(std::move(parsed));
}

bool is_refused(std::string_view text) {
  return std::holds_alternative<urb::ParseError>(urb::parse_pin(text));
}

// Cores without siblings, behind one cache.
std::vector<urb::CpuPlace> plain(const Cpus& cpus) {
  std::vector<urb::CpuPlace> places;
  for (const unsigned cpu : cpus) places.push_back({cpu, cpu, cpus.front()});
  return places;
}

// As Linux numbers them: the first CPUs of all cores, then the second; so many cores to a cache.
std::vector<urb::CpuPlace> with_siblings(unsigned cores, unsigned cores_of_a_cache) {
  std::vector<urb::CpuPlace> places;
  for (unsigned cpu = 0; cpu < 2 * cores; ++cpu) {
    const unsigned core = cpu % cores;
    places.push_back({cpu, core, core - core % cores_of_a_cache});
  }
  return places;
}

std::string planned(std::string_view text, unsigned workers,
                    const std::vector<urb::CpuPlace>& allowed) {
  return urb::format_pinning(urb::plan_pinning(parse(text), workers, allowed));
}
std::string planned(std::string_view text, unsigned workers, const Cpus& allowed) {
  return planned(text, workers, plain(allowed));
}

}  // namespace

TEST_CASE("pinning: a list is numbers and ranges, three at least") {
  CHECK(parse("0,1,2").cpus == Cpus{0, 1, 2});
  CHECK(parse("7,0-2,0").cpus == Cpus{7, 0, 1, 2, 0});
  for (const char* const text : {"", "0", "0,1", "0,1,", ",0,1,2", "0,1,x", "0,1,2-", "3-1,0",
                                 "0,1,-2", "all", "0,1,99999"}) {
    CAPTURE(text);
    CHECK(is_refused(text));
  }
}

TEST_CASE("pinning: client, master, then workers, who start again when the list is short") {
  const Cpus allowed{0, 1, 2, 3};
  CHECK(planned("none", 4, allowed) == "none");
  CHECK(planned("3,2,0,1", 4, allowed) == "3 2 0 1 0 1");
  CHECK(planned("0,0,1", 2, allowed) == "0 0 1 1");
  CHECK(planned("0-3", 1, allowed) == "0 1 2");
}

TEST_CASE("pinning: auto keeps the client to itself as far as the CPUs go") {
  CHECK(planned("auto", 4, Cpus{0, 1, 2, 3, 4, 5}) == "0 1 2 3 4 5");
  CHECK(planned("auto", 4, Cpus{4, 6, 8}) == "4 6 8 8 8 8");
  CHECK(planned("auto", 2, Cpus{0, 1}) == "0 1 1 1");
  CHECK(planned("auto", 2, Cpus{5}) == "5 5 5 5");
}

TEST_CASE("pinning: auto takes whole cores for client and master, whose threads get the sibling") {
  // 8 cores, 16 CPUs: workers get whole cores first, then siblings, then shared CPUs.
  CHECK(planned("auto", 4, with_siblings(8, 8)) == "0 1/9 2 3 4 5");
  CHECK(planned("auto", 8, with_siblings(8, 8)) == "0 1/9 2 3 4 5 6 7 10 11");
  CHECK(planned("auto", 3, with_siblings(3, 3)) == "0 1/4 2 5 2");
  // Two cores: workers beside the master, not beside the client.
  CHECK(planned("auto", 4, with_siblings(2, 2)) == "0 1 3 3 3 3");
  CHECK(planned("auto", 4, with_siblings(1, 1)) == "0 1 1 1 1 1");
  // Siblings as neighbours, as in many virtual machines.
  CHECK(planned("auto", 2, {{0, 0, 0}, {1, 0, 0}, {2, 2, 0}, {3, 2, 0}, {4, 4, 0}, {5, 4, 0}}) ==
        "0 2/3 4 5");
  // One core with four CPUs.
  CHECK(planned("auto", 3, {{0, 0, 0}, {1, 0, 0}, {2, 0, 0}, {3, 0, 0}}) == "0 1 2 3 2");
}

TEST_CASE("pinning: auto begins with the cache that has the most cores, whose siblings come last") {
  // Two caches of four cores: the fifth process goes to the other one.
  CHECK(planned("auto", 3, with_siblings(8, 4)) == "0 1/9 2 3 4");
  // Of the first cache only one core may be used.
  CHECK(planned("auto", 2, {{3, 3, 0}, {4, 4, 4}, {5, 5, 4}, {6, 6, 4}, {7, 7, 4}}) == "4 5 6 7");
}

TEST_CASE("pinning: auto says what it chose, and from what") {
  const auto places = with_siblings(4, 2);
  CHECK(urb::describe_pinning(*urb::plan_pinning(parse("auto"), 2, places), places) ==
        "client on CPU 0, master on 1 (io-wq on 5), workers on 2 3; of 8 CPUs, 4 cores, 2 "
        "last-level caches");
  CHECK(urb::describe_pinning(*urb::plan_pinning(parse("auto"), 1, plain({7})), plain({7})) ==
        "client on CPU 7, master on 7, workers on 7; of 1 CPU, 1 core, 1 last-level cache");
}

TEST_CASE("pinning: a CPU that is not there is refused before anything runs") {
  CHECK_THROWS_WITH_AS((void)planned("0,1,7", 2, Cpus{0, 1}), doctest::Contains("CPU 7"),
                       urb::UsageError);
}

TEST_CASE("pinning: a process that is pinned may use that CPU only") {
  const Cpus before = urb::allowed_cpus();
  REQUIRE_FALSE(before.empty());
  const int status = urb::test::exit_status_of([&] {
    urb::pin_this_process(before.back());
    return urb::allowed_cpus() == Cpus{before.back()} ? 0 : 1;
  });
  CHECK(status == 0);
  CHECK(urb::allowed_cpus() == before);
}

TEST_SUITE_END();
