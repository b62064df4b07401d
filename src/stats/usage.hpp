// CPU time of a process, from outside, split into its leader thread and everything else.
//
// Our processes have one thread of their own, so everything else is the kernel's io-wq threads,
// which belong to the process that made the ring, and are counted in its total.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "base/units.hpp"

namespace urb {

/// CPU time since the process started.
struct CpuTime {
  Nanos total{0};  ///< every thread, also those that have ended
  /// Without the leader thread. Unknown where the kernel does not tell threads of other processes
  /// apart to the nanosecond (CONFIG_SCHED_INFO off).
  std::optional<Nanos> other_threads;
};

/// Of any process. Empty when it has ended and was reaped. A process may be running at this moment.
/// Its total may then lack what it ran since the last scheduler tick (1 to 10 ms), since the kernel
/// does not stop another CPU to ask.
[[nodiscard]] std::optional<CpuTime> sample_cpu_time(pid_t pid);

/// Context switches, voluntary and not, of all threads that the process has now. Those of ended
/// threads are not in it. Empty when the process is gone.
[[nodiscard]] std::optional<std::uint64_t> sample_context_switches(pid_t pid);

/// Of the calling process, to the nanosecond. Call it from the leader thread.
[[nodiscard]] CpuTime own_cpu_time() noexcept;

}  // namespace urb
