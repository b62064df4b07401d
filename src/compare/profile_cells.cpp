#include "compare/profile_cells.hpp"

#include <tuple>
#include <utility>

namespace urb {
namespace {

using BootId = std::pair<std::string, unsigned>;  // run and boot

// Ours have a subsystem of their own.
bool is_own(const ProfileRow& row) { return row.subsystem == "ours"; }

}  // namespace

std::set<std::string> function_names(const std::vector<ProfileRow>& rows) {
  std::set<std::string> names;
  for (const ProfileRow& row : rows) {
    if (!row.function.empty() && !is_own(row)) names.emplace(without_suffixes(row.function));
  }
  return names;
}

ProfileCells group_by_profile_cell(const std::vector<ProfileRow>& rows, const Renames& renames,
                                   std::size_t& repeated) {
  std::map<ProfileCellKey, std::map<BootId, std::size_t>> boots;
  for (const ProfileRow& row : rows) {
    auto& of_cell = boots[profile_cell_of(row)];
    of_cell.try_emplace({row.run_id, row.repeat}, of_cell.size());
  }
  ProfileCells cells;
  std::set<std::tuple<ProfileCellKey, BootId, std::string, std::string>> seen;
  repeated = 0;
  for (const ProfileRow& row : rows) {
    const ProfileCellKey key = profile_cell_of(row);
    const BootId boot{row.run_id, row.repeat};
    if (!seen.emplace(key, boot, row.subsystem, row.function).second) {
      ++repeated;
      continue;
    }
    ProfileCell& cell = cells[key];
    cell.boots = boots[key].size();
    const std::size_t place = boots[key][boot];
    const auto add = [&](std::vector<double>& counts) {
      counts.resize(cell.boots);
      counts[place] += row.instructions_per_request;
    };
    if (row.function.empty()) {
      add(cell.sums);
      add(cell.subsystems[row.subsystem].counts);
      continue;
    }
    const std::string_view plain = without_suffixes(row.function);
    BootCounts& function = is_own(row) ? cell.functions[std::string{kOwnPrefix}.append(plain)]
                                       : cell.functions[renames.name_of(plain)];
    function.subsystems.insert(row.subsystem);
    add(function.counts);
  }
  return cells;
}

ProfileCellNames name_profile_cells(const ProfileCells& base, const ProfileCells& next) {
  ProfileCellNames names;
  for (const ProfileCells* const cells : {&base, &next}) {
    for (const auto& [key, cell] : *cells) names.add(key);
  }
  return names;
}

}  // namespace urb
