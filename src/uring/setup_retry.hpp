// Set-up calls that are refused memory which is on its way back.
#pragma once

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/clock.hpp"

namespace urb {

/// Calls `attempt`, which returns a negative errno on failure, until it returns something else than
/// -ENOMEM, at most for a second.
///
/// RLIMIT_MEMLOCK counts per user, and what a ring had is given back by a kernel thread some time
/// after its process has ended: without this, an ordinary user with the usual 8 MiB had no second
/// trial. Measured on 6.18: 25 ms more per trial of `socket` than for root, who is exempt.
template <class F>
[[nodiscard]] int retry_without_memory(F&& attempt) {
  constexpr Nanos kPause = std::chrono::milliseconds{5};
  const Nanos give_up = monotonic_now() + std::chrono::seconds{1};
  int result = attempt();
  while (result == -ENOMEM && monotonic_now() < give_up) {
    std::this_thread::sleep_for(kPause);
    result = attempt();
  }
  return result;
}

}  // namespace urb
