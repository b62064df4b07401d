#include "probe/yardstick.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <iterator>

TEST_SUITE_BEGIN("unit");

TEST_CASE("yardstick: a rate that a machine can have, and nothing stays open") {
  const auto open_files = [] {
    const std::filesystem::directory_iterator files{"/proc/self/fd"};
    return std::distance(begin(files), end(files));
  };
  const auto before = open_files();
  const double rate = urb::measure_yardstick();
  CHECK(rate > 0.01);
  CHECK(rate < 1000);
  CHECK(open_files() == before);
}

TEST_SUITE_END();
