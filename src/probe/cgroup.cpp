// Where the groups are mounted, and what their files say (Linux, Documentation/admin-guide,
// cgroup-v1 and cgroup-v2.rst, Documentation/scheduler/sched-bwc.rst).
#include "probe/cgroup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

namespace urb {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::string membership_path(pid_t pid) { return fmt::format("/proc/{}/cgroup", pid); }

// Whether `word` is one of a list such as "rw,cpu,cpuacct".
bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::string_view first = list.substr(0, list.find(','));
    if (first == word) return true;
    list.remove_prefix(std::min(list.size(), first.size() + 1));
  }
  return false;
}

// A folder and all above it, up to the place where the hierarchy is mounted.
void add_with_parents(std::vector<fs::path>& groups, const fs::path& mount, fs::path below) {
  for (; !below.empty(); below = below.parent_path()) groups.push_back(mount / below);
  groups.push_back(mount);
}

struct Hierarchy {
  bool is_v2 = false;
  std::string path;  // of the process' group, from the root of the hierarchy
};

std::vector<Hierarchy> parse_membership(std::string_view membership) {
  std::vector<Hierarchy> hierarchies;
  std::istringstream lines{std::string{membership}};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string_view controllers{line.data() + first + 1, second - first - 1};
    const bool is_v2 = controllers.empty();
    if (is_v2 || has_word(controllers, "cpu"))
      hierarchies.push_back({is_v2, line.substr(second + 1)});
  }
  return hierarchies;
}

}  // namespace

std::vector<fs::path> parse_cpu_groups(std::string_view membership, std::string_view mounts) {
  const std::vector<Hierarchy> hierarchies = parse_membership(membership);
  std::vector<fs::path> groups;
  std::istringstream lines{std::string{mounts}};
  for (std::string line; std::getline(lines, line);) {
    // Id, parent, device, root, mount point, options …, "-", type, source, options of the type.
    std::istringstream words{line};
    std::string skipped, root, point, type, type_options;
    words >> skipped >> skipped >> skipped >> root >> point;
    while (words >> skipped && skipped != "-") {
    }
    words >> type >> skipped >> type_options;
    const bool is_v2 = type == "cgroup2";
    if (!is_v2 && !(type == "cgroup" && has_word(type_options, "cpu"))) continue;
    for (const Hierarchy& hierarchy : hierarchies) {
      if (hierarchy.is_v2 != is_v2) continue;
      // In a container only a part of the hierarchy may be mounted.
      const fs::path below = fs::path{hierarchy.path}.lexically_relative(root);
      if (below.empty() || *below.begin() == "..") continue;
      add_with_parents(groups, point, below == "." ? fs::path{} : below);
    }
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

std::optional<CpuPeriods> parse_cpu_periods(std::string_view stat) {
  std::istringstream words{std::string{stat}};
  std::string name;
  std::optional<std::uint64_t> all;
  std::optional<std::uint64_t> throttled;
  for (std::uint64_t value = 0; words >> name >> value;) {
    if (name == "nr_periods") all = value;
    if (name == "nr_throttled") throttled = value;
  }
  if (!all || !throttled) return std::nullopt;
  return CpuPeriods{*all, *throttled};
}

std::optional<double> parse_cpu_max(std::string_view text) {
  std::istringstream words{std::string{text}};
  double quota = 0;
  double period = 0;
  if (!(words >> quota >> period) || quota <= 0 || period <= 0) return std::nullopt;
  return quota / period;
}

CpuPeriodsByGroup sample_cpu_periods(std::span<const pid_t> pids) {
  const std::string mounts = read_file("/proc/self/mountinfo");
  std::set<std::string> memberships;  // mostly one
  for (const pid_t pid : pids) memberships.insert(read_file(membership_path(pid)));
  CpuPeriodsByGroup periods;
  for (const std::string& membership : memberships) {
    for (const fs::path& group : parse_cpu_groups(membership, mounts)) {
      if (periods.contains(group)) continue;
      const auto read = parse_cpu_periods(read_file(group / "cpu.stat"));
      if (read) periods[group] = *read;
    }
  }
  return periods;
}

double throttled_share(const CpuPeriodsByGroup& begin, const CpuPeriodsByGroup& end) {
  double most = 0;
  for (const auto& [group, last] : end) {
    const auto first = begin.find(group);
    if (first == begin.end() || last.throttled <= first->second.throttled) continue;
    const auto throttled = static_cast<double>(last.throttled - first->second.throttled);
    const auto all = static_cast<double>(last.all - std::min(last.all, first->second.all));
    most = std::max(most, throttled / std::max(all, throttled));
  }
  return most;
}

std::optional<double> find_cpu_quota(pid_t pid) {
  std::optional<double> least;
  const std::string membership = read_file(membership_path(pid));
  for (const fs::path& group : parse_cpu_groups(membership, read_file("/proc/self/mountinfo"))) {
    auto quota = parse_cpu_max(read_file(group / "cpu.max"));
    if (!quota) {
      // Version 1: -1 is none.
      quota = parse_cpu_max(read_file(group / "cpu.cfs_quota_us") + " " +
                            read_file(group / "cpu.cfs_period_us"));
    }
    if (quota) least = std::min(least.value_or(*quota), *quota);
  }
  return least;
}

}  // namespace urb
