// The only clock: monotonic, in nanoseconds. Wall-clock time exists only in a row's started_at.
#pragma once

#include <time.h>

#include "base/units.hpp"

namespace urb {

/// CLOCK_MONOTONIC now. It is a vDSO call, and no system call, where the clock source allows it.
[[nodiscard]] inline Nanos monotonic_now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::chrono::seconds{now.tv_sec} + Nanos{now.tv_nsec};
}

/// A point that never comes.
inline constexpr Nanos kNever = Nanos::max();

}  // namespace urb
