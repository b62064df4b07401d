// Distances by hand, and suggestions only where they help.
#include "cli/suggest.hpp"

#include <doctest/doctest.h>

#include <array>

TEST_SUITE_BEGIN("unit");

TEST_CASE("suggest: letters added, dropped, changed and swapped cost one each") {
  CHECK(urb::edit_distance("cluster", "cluster") == 0);
  CHECK(urb::edit_distance("cluster", "clustre") == 1);
  CHECK(urb::edit_distance("body", "boddy") == 1);
  CHECK(urb::edit_distance("socket", "soket") == 1);
  CHECK(urb::edit_distance("relay", "delay") == 1);
  CHECK(urb::edit_distance("", "abc") == 3);
  CHECK(urb::edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("suggest: the nearest name, unless none is near") {
  constexpr std::array<std::string_view, 4> kNames{"cluster", "socket", "passthru", "all"};
  CHECK(urb::nearest_name("clutser", kNames) == "cluster");
  CHECK(urb::nearest_name("passthrough", kNames) == "passthru");
  CHECK(urb::nearest_name("sockets", kNames) == "socket");
  CHECK(urb::nearest_name("nginx", kNames).empty());
  CHECK(urb::nearest_name("x", kNames).empty());
}

TEST_SUITE_END();
