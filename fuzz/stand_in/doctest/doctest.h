// Stands in for the test framework where test/support is compiled into a fuzz target: a check that
// fails ends the process.
#pragma once

#include <cstdio>
#include <cstdlib>

#define REQUIRE(...)                                                                            \
  ((__VA_ARGS__)                                                                                \
       ? static_cast<void>(0)                                                                   \
       : (std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #__VA_ARGS__), \
          std::abort()))
#define REQUIRE_FALSE(...) REQUIRE(!(__VA_ARGS__))
#define REQUIRE_MESSAGE(condition, ...) REQUIRE(condition)
#define FAIL(...) REQUIRE(false)
