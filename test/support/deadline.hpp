// Waiting in tests: for a condition, up to a deadline; never for a time.
#pragma once

#include <poll.h>

#include <algorithm>

#include "base/clock.hpp"

namespace urb::test {

/// How long anything may take before a test gives up. Generous, since sanitizer builds on a busy
/// machine are slow; nothing that works comes near it.
inline constexpr Nanos kPatience = std::chrono::seconds{20};

/// Looks whether `holds()`: after a millisecond again, then ever less often, down to every 16 ms,
/// since what is waited for may need the CPU. False when it still does not after `patience`.
template <class F>
[[nodiscard]] bool wait_until(F&& holds, Nanos patience = kPatience) {
  const Nanos deadline = monotonic_now() + patience;
  for (int pause_ms = 1; !holds(); pause_ms = std::min(2 * pause_ms, 16)) {
    if (monotonic_now() >= deadline) return false;
    poll(nullptr, 0, pause_ms);
  }
  return true;
}

}  // namespace urb::test
