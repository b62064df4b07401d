// Waits that no one takes for waiting on a disk.
#pragma once

#include <liburing.h>

namespace urb {

/// Makes the waits of `ring` count as idle time, not as iowait (IORING_ENTER_NO_IOWAIT, Linux 6.15,
/// io_uring_set_iowait(3)). False where kernel or liburing (before 2.10) cannot.
[[nodiscard]] inline bool count_waits_as_idle([[maybe_unused]] io_uring* ring) noexcept {
#if !defined(IO_URING_VERSION_MAJOR) || IO_URING_CHECK_VERSION(2, 10)
  return false;
#else
  return io_uring_set_iowait(ring, false) == 0;
#endif
}

}  // namespace urb
