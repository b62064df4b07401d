#include "report/profiles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "profile/aliases.hpp"
#include "profile/subsystems.hpp"
#include "report/guest.hpp"
#include "report/releases.hpp"
#include "stats/summary.hpp"

namespace urb {
namespace {

using CountsByBoot = std::vector<double>;

// One subsystem on all kernels of a cell, before medians are taken.
struct SubsystemCounts {
  std::vector<CountsByBoot> sums;  // by kernel
  std::map<std::string, std::vector<CountsByBoot>> functions;
};

// By kernel and boot, all 0.
std::vector<CountsByBoot> zeros(const std::vector<CellProfile::Kernel>& kernels) {
  std::vector<CountsByBoot> counts;
  for (const CellProfile::Kernel& kernel : kernels) counts.emplace_back(kernel.boots);
  return counts;
}

ProfileEntry entry_of(std::string name, const std::vector<CountsByBoot>& counts) {
  ProfileEntry entry{std::move(name), {}};
  for (const CountsByBoot& boots : counts) entry.instructions.push_back(median_of(boots));
  return entry;
}

bool is_shown(const ProfileEntry& entry, const std::vector<CellProfile::Kernel>& kernels) {
  for (std::size_t kernel = 0; kernel < kernels.size(); ++kernel) {
    const double least = kLeastShownPart * kernels[kernel].instructions;
    if (entry.instructions[kernel] > 0 && entry.instructions[kernel] >= least) return true;
  }
  return false;
}

double largest(const ProfileEntry& entry) {
  return *std::max_element(entry.instructions.begin(), entry.instructions.end());
}

SubsystemProfile subsystem_profile(const std::string& name, const SubsystemCounts& counts,
                                   const std::vector<CellProfile::Kernel>& kernels) {
  SubsystemProfile profile{entry_of(name, counts.sums), {}};
  std::vector<CountsByBoot> rest = counts.sums;
  for (const auto& [function, by_kernel] : counts.functions) {
    ProfileEntry entry = entry_of(function, by_kernel);
    if (!is_shown(entry, kernels)) continue;
    profile.functions.push_back(std::move(entry));
    for (std::size_t kernel = 0; kernel < kernels.size(); ++kernel) {
      for (std::size_t boot = 0; boot < rest[kernel].size(); ++boot) {
        rest[kernel][boot] -= by_kernel[kernel][boot];
      }
    }
  }
  std::stable_sort(profile.functions.begin(), profile.functions.end(),
                   [](const ProfileEntry& left, const ProfileEntry& right) {
                     return largest(left) > largest(right);
                   });
  ProfileEntry others = entry_of(kOtherFunctions, rest);
  // Rounding in a file is not an instruction.
  for (double& count : others.instructions) count = count < 0.5 ? 0 : count;
  if (largest(others) > 0) profile.functions.push_back(std::move(others));
  return profile;
}

// Whether all but the function and its count is the same.
bool is_same_boot(const ProfileRow& left, const ProfileRow& right) {
  const auto key = [](const ProfileRow& row) {
    return std::tie(row.method, row.run_id, row.repeat, row.kernel, row.kernel_compiler,
                    row.kernel_config, row.guest, row.mode, row.relay, row.buffers, row.tls,
                    row.connections, row.body_bytes, row.reuse);
  };
  return key(left) == key(right);
}

// Those that another version has named come last.
std::size_t order_of(const std::string& subsystem) {
  const auto all = all_subsystems();
  return static_cast<std::size_t>(std::find(all.begin(), all.end(), subsystem) - all.begin());
}
using Subsystems = std::map<std::pair<std::size_t, std::string>, SubsystemCounts>;

std::vector<const ProfileBuilds::value_type*> by_release(const ProfileBuilds& builds) {
  std::vector<const ProfileBuilds::value_type*> ordered;
  for (const auto& build : builds) ordered.push_back(&build);
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto* left, const auto* right) {
    return is_older_release(left->first.kernel, right->first.kernel);
  });
  return ordered;
}

// Adds the counts of one boot of one kernel.
void add_boot(Subsystems& subsystems, const BootProfile& rows,
              const std::vector<CellProfile::Kernel>& kernels, std::size_t kernel,
              std::size_t boot) {
  for (const auto& [id, instructions] : rows) {
    const auto& [subsystem, function] = id;
    SubsystemCounts& counts = subsystems[{order_of(subsystem), subsystem}];
    if (counts.sums.empty()) counts.sums = zeros(kernels);
    if (function.empty()) {
      counts.sums[kernel][boot] += instructions;
      continue;
    }
    auto& of_function = counts.functions[std::string{without_suffixes(function)}];
    if (of_function.empty()) of_function = zeros(kernels);
    of_function[kernel][boot] += instructions;
  }
}

double whole(const Subsystems& subsystems, std::size_t kernel, std::size_t boots) {
  CountsByBoot sums(boots);
  for (const auto& [id, counts] : subsystems) {
    for (std::size_t boot = 0; boot < boots; ++boot) sums[boot] += counts.sums[kernel][boot];
  }
  return median_of(sums);
}

void fill(CellProfile& profile, const ProfileBuilds& builds) {
  const auto ordered = by_release(builds);
  std::map<std::string, unsigned> same;
  for (const auto* const entry : ordered) {
    const auto& [build, boots] = *entry;
    const unsigned number = ++same[build.kernel];
    profile.kernels.push_back(
        {number == 1 ? build.kernel : fmt::format("{} ({})", build.kernel, number), build,
         boots.size(), 0});
  }
  Subsystems subsystems;
  for (std::size_t kernel = 0; kernel < ordered.size(); ++kernel) {
    std::size_t boot = 0;
    for (const auto& [boot_id, rows] : ordered[kernel]->second) {
      add_boot(subsystems, rows, profile.kernels, kernel, boot++);
    }
  }
  for (std::size_t kernel = 0; kernel < ordered.size(); ++kernel) {
    profile.kernels[kernel].instructions = whole(subsystems, kernel, profile.kernels[kernel].boots);
  }
  for (const auto& [id, counts] : subsystems) {
    profile.subsystems.push_back(subsystem_profile(id.second, counts, profile.kernels));
  }
}

}  // namespace

std::size_t Profiles::add(const std::string& file, const std::vector<ProfileRow>& rows) {
  std::size_t repeated = 0;
  BootProfile* boot = nullptr;
  const ProfileRow* before = nullptr;
  for (const ProfileRow& row : rows) {
    // A cell of a boot has thousands of rows, one behind the other.
    if (before == nullptr || !is_same_boot(row, *before)) {
      const ProfileBuild build{row.kernel, row.kernel_compiler, row.kernel_config,
                               lasting_guest(row.guest), row.method};
      boot = &cells_[profile_cell_of(row)][build][{row.run_id, row.repeat}];
    }
    before = &row;
    const auto [place, is_new] =
        boot->try_emplace({row.subsystem, row.function}, row.instructions_per_request);
    if (!is_new) ++repeated;
  }
  files_.push_back({file, rows.size() - repeated, repeated});
  return repeated;
}

std::vector<CellProfile> Profiles::cells() const {
  ProfileCellNames names;
  for (const auto& [key, builds] : cells_) names.add(key);
  std::vector<CellProfile> profiles;
  for (const auto& [key, builds] : cells_) {
    CellProfile& profile = profiles.emplace_back();
    profile.name = names.name_of(key);
    profile.key = key;
    fill(profile, builds);
  }
  return profiles;
}

}  // namespace urb
