// From which size on a relay does better to splice than to copy, on this machine: a figure of its
// system calls and of its memory, so that it is measured and not guessed (decision 0014).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/units.hpp"

namespace urb {

/// CPU time of one transfer and of reading it behind the relay, by data path; medians.
struct RelayCost {
  Bytes size;
  Nanos copy{0};
  Nanos splice{0};
};

/// By ascending size, 512 bytes to 32 KiB, `rounds` (odd) transfers of each size and path, taken
/// in turn. 25 rounds take some 20 ms. Throws Unsupported where no ring can be made, SysError.
[[nodiscard]] std::vector<RelayCost> measure_relay_costs(int rounds);

/// The size up to which copying pays: that which loses the least, as a ratio, over all `costs`, so
/// that one disturbed figure moves it little. 0 when splicing always pays.
[[nodiscard]] Bytes find_crossing(std::span<const RelayCost> costs) noexcept;

/// One line for each size, and one with the crossing.
[[nodiscard]] std::string format_crossing(std::span<const RelayCost> costs);

}  // namespace urb
