// What the tool itself costs: the least that any of its latencies can be.
#pragma once

#include <string>

#include "base/clock.hpp"

namespace urb {

/// The least of several rounds, since everything else only adds to it.
struct Floor {
  Nanos clock{0};           ///< one reading of the monotonic clock
  Nanos record{0};          ///< one latency put into the histogram
  Nanos nop_round_trip{0};  ///< one NOP through a ring like the client's: submit, wait, collect
};

/// Takes about 20 ms. Throws Unsupported where no ring can be made.
[[nodiscard]] Floor measure_floor();
/// "clock 25 ns, record 9 ns, io_uring NOP round trip 612 ns".
[[nodiscard]] std::string format_floor(const Floor& floor);

}  // namespace urb
