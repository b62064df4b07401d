// Who had the CPUs within a measured time, by the kernel's own books: this experiment, interrupts,
// a hypervisor, somebody else.
//
// Busy time is what is left of the wall time when idle time is taken away. The kernel keeps idle
// time by its clock (NO_HZ), while user and system time of /proc/stat are ticks that happened to
// meet somebody. Processes have clocks to the nanosecond. So the time of others is the sum of their
// clocks, and interrupts are what no clock was charged with.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"

namespace urb {

/// Of a set of CPUs since the machine started. All but `at` in steps of 10 ms (USER_HZ).
struct HostTime {
  Nanos at{0};  ///< when it was read, on the monotonic clock
  std::uint64_t cpus = 0;
  Nanos idle{0};        ///< waiting for disks included
  Nanos interrupts{0};  ///< hard and soft ones
  Nanos steal{0};       ///< what a hypervisor took away
};
/// Of the text of /proc/stat (proc_stat(5)) the CPUs of `allowed`, or all together where it is
/// empty. Empty when it makes no sense, or lacks one of them.
[[nodiscard]] std::optional<HostTime> parse_host_time(std::string_view text,
                                                      std::span<const unsigned> allowed);
[[nodiscard]] std::optional<HostTime> sample_host_time(std::span<const unsigned> allowed);

/// A process and what it has used, with those of its children that it has waited for.
struct ProcessTime {
  pid_t pid = 0;
  pid_t parent = 0;
  std::uint64_t started_at = 0;  ///< tells it from a later one with its number
  Nanos used{0};                 ///< all its threads, by its clock
  Nanos reaped{0};               ///< of ended children, in steps of 10 ms
  unsigned cpu = 0;              ///< where it ran last
  bool is_kernel_work = false;   ///< a kernel thread that works for whoever caused it: ksoftirqd
  std::string name;
};
/// From the text of /proc/<pid>/stat, without pid and clock.
[[nodiscard]] std::optional<ProcessTime> parse_process_time(std::string_view stat);
/// All processes that /proc shows to this user, by pid. Takes some 5 µs for each.
[[nodiscard]] std::vector<ProcessTime> sample_process_times();

/// One moment.
struct HostBooks {
  std::optional<HostTime> time;
  std::vector<ProcessTime> processes;
};

/// How the CPUs' time was used between two moments, in seconds. Its parts add up to `busy_s`, but
/// for the steps of the books.
struct HostUse {
  double capacity_s = 0;  ///< of all these CPUs together
  double busy_s = 0;
  double own_s = 0;
  double interrupts_s = 0;  ///< and kernel threads that do deferred work
  double steal_s = 0;
  double foreign_s = 0;
  double others_s = 0;  ///< what the clocks of all other processes and kernel threads gained
  std::string busiest;  ///< of the others: "cc1plus (pid 123) 0.81 CPUs"; empty when none ran
  [[nodiscard]] double share(double seconds) const noexcept { return seconds / capacity_s; }
};

/// `own_s` is what the processes `own` used, by their clocks. The first of them is this process,
/// and its other children are added. None of these is foreign, nor what they reaped. `allowed`: the
/// CPUs of `time`, all of them where empty; a process whose first thread ran last on another is not
/// foreign. Where /proc does not show everybody (other PID namespaces), the rest that is too large
/// for interrupts is foreign too. `interrupts_apart`: the kernel takes interrupts out of the clocks
/// of processes (CONFIG_IRQ_TIME_ACCOUNTING), so that its figure of them may be in the rest as
/// well. Empty where the kernel does not tell.
[[nodiscard]] std::optional<HostUse> use_between(const HostBooks& begin, const HostBooks& end,
                                                 std::span<const pid_t> own, double own_s,
                                                 std::span<const unsigned> allowed,
                                                 bool interrupts_apart);

/// The rest that may be interrupts, as a share of the CPUs' time. Between 0.0004 and 0.054 was
/// measured over modes and bodies on a quiet machine whose kernel does not book them apart, and up
/// to 0.096 for single operations that wake two processes each time.
inline constexpr double kRestMax = 0.12;

}  // namespace urb
