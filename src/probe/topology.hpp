// Which CPUs share a core, and which a last-level cache.
#pragma once

#include <filesystem>
#include <vector>

namespace urb {

/// Where one CPU is. Cores and caches go by the lowest CPU that they belong to.
struct CpuPlace {
  unsigned cpu = 0;
  unsigned core = 0;   ///< the same for SMT siblings
  unsigned cache = 0;  ///< the same for all CPUs behind one last-level cache
  bool operator==(const CpuPlace&) const = default;
};

/// The places of `cpus`, as `root` describes them (Linux,
/// Documentation/ABI/stable/sysfs-devices-system-cpu). Some virtual machines do not describe a CPU.
/// It is then a core of its own, behind one cache with all others.
[[nodiscard]] std::vector<CpuPlace> probe_topology(
    const std::vector<unsigned>& cpus,
    const std::filesystem::path& root = "/sys/devices/system/cpu");

}  // namespace urb
