// Shortages: every kind has a counter that raises it, a name and a remedy.
#include "row/shortages.hpp"

#include <doctest/doctest.h>

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

TEST_CASE("shortages: each counter raises its own warning and no other") {
  struct Case {
    Warning warning;
    Counter Counters::*counter;
  };
  for (const Case& one :
       {Case{Warning::cq_overflowed, &Counters::cq_overflows},
        Case{Warning::fds_exhausted, &Counters::fds_exhausted},
        Case{Warning::files_exhausted, &Counters::files_exhausted},
        Case{Warning::kernel_memory_exhausted, &Counters::kernel_memory_exhausted},
        Case{Warning::in_flight_fds_exhausted, &Counters::in_flight_fds_exhausted},
        Case{Warning::handover_stalled, &Counters::handover_stalls},
        Case{Warning::handover_refused, &Counters::handover_refusals},
        Case{Warning::slots_exhausted, &Counters::slots_exhausted},
        Case{Warning::buffers_starved, &Counters::receive_starved},
        Case{Warning::small_pipes, &Counters::small_pipes}}) {
    Counters counters{};
    (counters.*one.counter).add(2);
    Shortages seen;
    seen.add(counters);
    seen.add(counters);  // another process
    CHECK(seen.kinds() == Warnings{one.warning});
    CHECK(seen.count_of(one.warning) == 4);
    CHECK(seen.describe() == std::string{name_of(one.warning)} + " 4");
    CHECK(seen.remedies() == "; " + std::string{text_of(one.warning)});
  }
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
