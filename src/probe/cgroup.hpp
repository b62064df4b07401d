// CPU quotas of control groups, as containers have them (docker --cpus, a limit in Kubernetes, a
// CPUQuota of systemd). No count of CPUs shows them. Both versions 1 and 2 are read, also where a
// host has both.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace urb {

/// What one group has counted since it began. A group that runs without a break has some 10 periods
/// a second.
struct CpuPeriods {
  std::uint64_t all = 0;
  std::uint64_t throttled = 0;  ///< those whose quota was used up before their end
  bool operator==(const CpuPeriods&) const = default;
};

/// By folder. Groups without a count of periods are left out.
using CpuPeriodsByGroup = std::map<std::filesystem::path, CpuPeriods>;
/// The periods of the groups that can bound the CPU time of these processes. These are their own
/// groups and those above, as far as they can be seen from here.
[[nodiscard]] CpuPeriodsByGroup sample_cpu_periods(std::span<const pid_t> pids);

/// How much of the time between two looks was short. It is the share of throttled periods in the
/// group where that share is largest, or nothing where no group was throttled.
[[nodiscard]] double throttled_share(const CpuPeriodsByGroup& begin, const CpuPeriodsByGroup& end);

/// How many CPUs the groups of a process grant it, 1.5 for example. Empty where none has a quota.
[[nodiscard]] std::optional<double> find_cpu_quota(pid_t pid);

// The parsers, apart from the files they read.

/// The groups' folders, from the text of /proc/<pid>/cgroup and of /proc/self/mountinfo.
[[nodiscard]] std::vector<std::filesystem::path> parse_cpu_groups(std::string_view membership,
                                                                  std::string_view mounts);
/// From the text of cpu.stat. Empty where there is no quota to count for.
[[nodiscard]] std::optional<CpuPeriods> parse_cpu_periods(std::string_view stat);
/// From the text of cpu.max (version 2): "50000 100000" is half a CPU, "max 100000" no quota.
[[nodiscard]] std::optional<double> parse_cpu_max(std::string_view text);

}  // namespace urb
