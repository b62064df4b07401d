// How long this process did not run within a measured time, although it had to. It may have been
// stopped by a signal, frozen with its container, suspended with the machine, or without a CPU.
#pragma once

#include <time.h>

#include "base/clock.hpp"

namespace urb {

/// How long this machine has been suspended since it started. CLOCK_MONOTONIC stands still then.
[[nodiscard]] inline Nanos suspended_time() noexcept {
  timespec with_suspension{};
  clock_gettime(CLOCK_BOOTTIME, &with_suspension);
  return std::chrono::seconds{with_suspension.tv_sec} + Nanos{with_suspension.tv_nsec} -
         monotonic_now();
}

class StallWatch {
 public:
  /// What is shorter may be a busy scheduler, or the time between two clocks. The value is a guess.
  static constexpr Nanos kLeast = std::chrono::milliseconds{150};

  /// The measured time begins. What was noted before does not count.
  void begin() noexcept {
    noted_ = Nanos{0};
    suspended_before_ = suspended_time();
  }
  /// What should have happened at `due` happened at `now`.
  void note(Nanos due, Nanos now) noexcept {
    if (now - due >= kLeast) noted_ += now - due;
  }
  /// Since begin().
  [[nodiscard]] Nanos total() const noexcept {
    const Nanos suspended = suspended_time() - suspended_before_;
    return noted_ + (suspended >= kLeast ? suspended : Nanos{0});
  }

 private:
  Nanos noted_{0};
  Nanos suspended_before_{0};
};

}  // namespace urb
