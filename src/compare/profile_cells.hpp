// The rows of a file of profiles by cell and boot, with the functions under their names without
// suffixes.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "profile/aliases.hpp"
#include "profile/profile_row.hpp"
#include "report/profile_cell.hpp"

namespace urb {

/// Rows of one side, and the name to call it by.
struct ProfileSide {
  std::string name;
  std::vector<ProfileRow> rows;
};

/// Instructions of a request, a boot each. What did not run in a boot has executed 0.
struct BootCounts {
  std::set<std::string> subsystems;  ///< that it was found in: more than one only if it was moved
  std::vector<double> counts;
};

struct ProfileCell {
  std::size_t boots = 0;
  std::vector<double> sums;  ///< of all subsystems
  std::map<std::string, BootCounts> subsystems;
  std::map<std::string, BootCounts> functions;  ///< ours and the kernel's of one name are apart
};
using ProfileCells = std::map<ProfileCellKey, ProfileCell>;

/// The functions of one side without suffixes, for Renames.
[[nodiscard]] std::set<std::string> function_names(const std::vector<ProfileRow>& rows);

/// A row that is there twice counts once. `repeated` is how many such there were.
[[nodiscard]] ProfileCells group_by_profile_cell(const std::vector<ProfileRow>& rows,
                                                 const Renames& renames, std::size_t& repeated);

/// What tells a function of this program from one of the kernel with the same name.
inline constexpr std::string_view kOwnPrefix = "ours: ";

/// The names of the cells of two sides.
[[nodiscard]] ProfileCellNames name_profile_cells(const ProfileCells& base,
                                                  const ProfileCells& next);

}  // namespace urb
