// Waiting in tests: for a condition, up to a deadline; never for a time.
#pragma once

#include <poll.h>

#include "base/clock.hpp"

namespace urb::test {

/// How long anything may take before a test gives up. Generous, since sanitizer builds on a busy
/// machine are slow; nothing that works comes near it.
inline constexpr Nanos kPatience = std::chrono::seconds{20};

/// Looks about once a millisecond whether `holds()`. False when it still does not after `patience`.
template <class F>
[[nodiscard]] bool wait_until(F&& holds, Nanos patience = kPatience) {
  const Nanos deadline = monotonic_now() + patience;
  while (!holds()) {
    if (monotonic_now() >= deadline) return false;
    poll(nullptr, 0, 1);
  }
  return true;
}

}  // namespace urb::test
