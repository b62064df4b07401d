// Distances by hand, and suggestions only where they help.
#include "base/suggest.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string_view>
#include <vector>

#include "base/error.hpp"

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

TEST_CASE("suggest: an unknown name is refused with the nearest one, or with where to look") {
  constexpr std::array<std::string_view, 2> kNames{"cluster", "socket"};
  CHECK(urb::describe_unknown("mode", "clutser", kNames) ==
        "unknown mode clutser, did you mean cluster?");
  CHECK(urb::describe_unknown("mode", "x", kNames) == "unknown mode x");
  CHECK_THROWS_WITH_AS(urb::throw_unknown("mode", "x", kNames, "see there"),
                       "unknown mode x (see there)", urb::UsageError);

  struct Named {
    std::string_view name;
  };
  static constexpr std::array<Named, 2> kTable{{{"one"}, {"two"}}};
  const auto find = [](std::string_view name) -> const Named* {
    if (name == "one") return &kTable[0];
    return name == "two" ? &kTable[1] : nullptr;
  };
  const auto found = urb::find_named<Named>("thing", {"two", "one", "two"}, kTable, find, "there");
  CHECK(found == std::vector<const Named*>{&kTable[1], &kTable[0]});
  CHECK_THROWS_AS(
      static_cast<void>(urb::find_named<Named>("thing", {"tow"}, kTable, find, "there")),
      urb::UsageError);
}

TEST_SUITE_END();
