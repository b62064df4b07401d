// Shortages: every kind has a counter that raises it, a name and a remedy.
#include "row/shortages.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

TEST_CASE("shortages: nothing counted, nothing to say") {
  const Counters counters{};
  Shortages none;
  none.add(counters);
  CHECK(none.kinds().empty());
  CHECK(none.describe().empty());
  CHECK(none.remedies().empty());
}

void check_counter(Counter Counters::*counter, std::string_view name) {
  CAPTURE(name);
  Counters counters{};
  (counters.*counter).add(2);
  Shortages seen;
  seen.add(counters);
  seen.add(counters);  // another process
  const WarningInfo* const warning = find_warning(name);
  if (warning == nullptr) {
    CHECK(seen.kinds().empty());
    return;
  }
  CHECK(seen.kinds() == Warnings{warning->kind});
  CHECK(seen.count_of(warning->kind) == 4);
  CHECK(seen.describe() == std::string{name} + " 4");
  CHECK(seen.remedies() == "; " + std::string{warning->text});
}

TEST_CASE("shortages: a counter raises the warning of its name and no other") {
#define URB_COUNTER(name) check_counter(&Counters::name, #name);
#include "stats/counters.inc"
  const auto warnings = all_warnings();
  CHECK(std::count_if(warnings.begin(), warnings.end(),
                      [](const WarningInfo& warning) { return warning.counter != nullptr; }) == 10);
}

TEST_CASE("shortages: what the kernel counts is added, and zero is none") {
  Shortages seen;
  seen.add(Warning::listen_overflowed, 0);
  CHECK(seen.kinds().empty());
  seen.add(Warning::small_pipes, 1);
  seen.add(Warning::listen_overflowed, 3);
  CHECK(seen.describe() == "small_pipes 1, listen_overflowed 3");
}

TEST_CASE("shortages: an errno is counted as what it says, any other as nothing") {
  Counters counters{};
  counters.count_shortage(EMFILE);
  counters.count_shortage(ETOOMANYREFS);
  counters.count_shortage(ENFILE);
  counters.count_shortage(ENFILE);
  counters.count_shortage(ENOMEM);
  counters.count_shortage(ENOBUFS);
  counters.count_shortage(ENOBUFS);
  counters.count_shortage(ECONNABORTED);
  counters.count_shortage(0);
  counters.count_shortage(-7);  // an accepted descriptor's number, negated
  CHECK(counters.fds_exhausted.get() == 1);
  CHECK(counters.in_flight_fds_exhausted.get() == 1);
  CHECK(counters.files_exhausted.get() == 2);
  CHECK(counters.kernel_memory_exhausted.get() == 3);
}

}  // namespace
}  // namespace urb
