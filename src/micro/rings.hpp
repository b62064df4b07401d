// What the operations share: small rings, run by one thread in turn.
#pragma once

#include <cerrno>

#include "base/error.hpp"
#include "uring/ring.hpp"

namespace urb {

inline constexpr RingOptions kMicroRing{64, 256};

/// Waits for the next completion of `ring`. Throws SysError where it is a failure of `request`.
inline Completion await_one(Ring& ring, const char* request) {
  Completion done;
  do {
    ring.submit_and_wait(kNever);
  } while (ring.collect({&done, 1}) == 0);
  if (done.result < 0) throw SysError(request, -done.result, hint_for_errno(-done.result));
  return done;
}

inline RingCounters sum_of(const RingCounters& one, const RingCounters& other) noexcept {
  RingCounters sum{one.enter_count + other.enter_count, one.sqe_count + other.sqe_count,
                   one.cq_overflow_count + other.cq_overflow_count, one.used};
  sum.used.add(other.used);
  return sum;
}

}  // namespace urb
