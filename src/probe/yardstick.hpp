// A fixed piece of the kind of work that a trial measures, timed by itself: a machine whose speed
// has changed shows here, whatever the modes cost.
#pragma once

#include "base/units.hpp"
#include "probe/topology.hpp"

namespace urb {

/// The two CPUs between which bytes pass.
struct YardstickCpus {
  unsigned sender = 0;
  unsigned receiver = 0;
};
/// The first of `cpus` and the first that shares no core with it; the same one where there is no
/// other. `cpus` is not empty.
[[nodiscard]] YardstickCpus choose_yardstick_cpus(const std::vector<CpuPlace>& cpus) noexcept;

/// The rate at which a thread on one CPU sends bytes over fresh TCP connections of the loopback
/// device to a thread on another, in 10^9 bytes a second of the CPU time of both. What the kernel
/// allocates on one CPU it copies from and frees on the other, as for a load. That slowed down on a
/// virtual machine with two states, and copies on one CPU did not (decision 0035). Both threads
/// spin, so it also falls when others have one of the CPUs. Takes 10 ms and two threads, which have
/// ended then. Throws SysError.
[[nodiscard]] double measure_yardstick(YardstickCpus cpus);

}  // namespace urb
