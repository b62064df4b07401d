// What a program is started under: limits, which not every user may set, and what came of it.
#pragma once

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "e2e/program.hpp"

namespace urb::test {

inline constexpr int kNotAllowed = 126;  // exit status of a preparation that this user may not do

inline void require(bool done) {
  if (!done) _exit(kNotAllowed);
}

inline void limit(__rlimit_resource_t resource, rlim_t value) {
  const rlimit both{value, value};
  require(setrlimit(resource, &both) == 0);
}

[[nodiscard]] inline bool is_skipped(const Outcome& outcome) {
  if (outcome.status != kNotAllowed) return false;
  MESSAGE("skipped: this user may not prepare it");
  return true;
}

[[nodiscard]] inline std::size_t count_of(const std::string& text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace urb::test
