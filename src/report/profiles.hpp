// Files of profiles for the page: of each cell the instructions of a request by subsystem and
// function, one kernel beside the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "profile/profile_row.hpp"
#include "report/profile_cell.hpp"

namespace urb {

/// Functions below this part of a cell on all kernels are one entry of their subsystem.
inline constexpr double kLeastShownPart = 0.001;
inline constexpr const char* kOtherFunctions = "(other functions)";

/// Instructions of a request, for each kernel of the cell. What did not run there has 0.
struct ProfileEntry {
  std::string name;
  std::vector<double> instructions;  ///< medians over the boots
};

struct SubsystemProfile {
  ProfileEntry sum;
  std::vector<ProfileEntry> functions;  ///< without suffixes, those that execute most first
};

/// What a profile was taken with. Two that differ in any of this are two kernels of a cell.
struct ProfileBuild {
  std::string kernel;
  std::string kernel_compiler;
  std::string kernel_config;
  std::string guest;  ///< as lasting_guest() gives it
  std::uint64_t method = 0;
  auto operator<=>(const ProfileBuild&) const = default;
};

/// The counts of a boot by subsystem and function, as its rows have them.
using BootProfile = std::map<std::pair<std::string, std::string>, double>;
/// By run and boot.
using ProfileBoots = std::map<std::pair<std::string, unsigned>, BootProfile>;
using ProfileBuilds = std::map<ProfileBuild, ProfileBoots>;

struct CellProfile {
  struct Kernel {
    std::string name;  ///< the release, and a number where several builds have the same
    ProfileBuild build;
    std::size_t boots = 0;
    double instructions = 0;  ///< of the whole cell, the median over the boots
  };
  std::string name;
  ProfileCellKey key;
  std::vector<Kernel> kernels;               ///< by release
  std::vector<SubsystemProfile> subsystems;  ///< in the order of all_subsystems()
};

class Profiles {
 public:
  /// Takes the rows of a file in. Those that were read before, here or in an earlier call, count
  /// once. Returns how many such there were.
  std::size_t add(const std::string& file, const std::vector<ProfileRow>& rows);

  struct File {
    std::string name;
    std::size_t row_count;
    std::size_t repeated;
  };
  [[nodiscard]] const std::vector<File>& files() const noexcept { return files_; }
  [[nodiscard]] std::vector<CellProfile> cells() const;

 private:
  std::vector<File> files_;
  std::map<ProfileCellKey, ProfileBuilds> cells_;
};

}  // namespace urb
