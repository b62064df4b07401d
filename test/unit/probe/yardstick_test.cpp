#include "probe/yardstick.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <iterator>
#include <utility>
#include <vector>

TEST_SUITE_BEGIN("unit");

TEST_CASE("yardstick: a rate that a machine can have, and nothing stays open") {
  const auto open_files = [] {
    const std::filesystem::directory_iterator files{"/proc/self/fd"};
    return std::distance(begin(files), end(files));
  };
  const auto before = open_files();
  // On a busy machine 10 ms may pass without a turn for one of its threads.
  double rate = 0;
  for (int look = 0; look < 100 && rate == 0; ++look) rate = urb::measure_yardstick({0, 0});
  CHECK(rate > 0.01);
  CHECK(rate < 1000);
  CHECK(open_files() == before);
}

TEST_CASE("yardstick: bytes pass between two cores where there are two") {
  const auto cpus_of = [](const std::vector<urb::CpuPlace>& places) {
    const urb::YardstickCpus cpus = urb::choose_yardstick_cpus(places);
    return std::pair{cpus.sender, cpus.receiver};
  };
  CHECK(cpus_of({{3, 3, 0}}) == std::pair{3U, 3U});
  CHECK(cpus_of({{0, 0, 0}, {1, 1, 0}}) == std::pair{0U, 1U});
  // CPU 4 is the other thread of core 0.
  CHECK(cpus_of({{0, 0, 0}, {4, 0, 0}, {5, 1, 0}}) == std::pair{0U, 5U});
  CHECK(cpus_of({{0, 0, 0}, {4, 0, 0}}) == std::pair{0U, 4U});
}

TEST_SUITE_END();
