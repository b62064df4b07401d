#include "compare/profile_cells.hpp"

#include <fmt/format.h>

#include <tuple>
#include <utility>

#include "report/cell_texts.hpp"

namespace urb {
namespace {

using BootId = std::pair<std::string, unsigned>;  // run and boot

ProfileCellKey key_of(const ProfileRow& row) {
  return {row.mode, row.body_bytes, row.reuse, row.relay, row.buffers, row.tls, row.connections};
}

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
    auto& of_cell = boots[key_of(row)];
    of_cell.try_emplace({row.run_id, row.repeat}, of_cell.size());
  }
  ProfileCells cells;
  std::set<std::tuple<ProfileCellKey, BootId, std::string, std::string>> seen;
  repeated = 0;
  for (const ProfileRow& row : rows) {
    const ProfileCellKey key = key_of(row);
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

ProfileCellNames::ProfileCellNames(const ProfileCells& base, const ProfileCells& next) {
  for (const ProfileCells* const cells : {&base, &next}) {
    for (const auto& [key, cell] : *cells) {
      // Micro-benchmarks have none of them.
      if (!key.buffers.empty()) buffers_.insert(key.buffers);
      if (!key.tls.empty()) tls_.insert(key.tls);
      if (key.connections != 0) connections_.insert(key.connections);
    }
  }
}

std::string ProfileCellNames::name_of(const ProfileCellKey& key) const {
  if (key.mode.starts_with("micro-")) return key.mode;
  std::string name = key.mode;
  if (!key.relay.empty()) name += " " + key.relay;
  name +=
      fmt::format(" {} {}", format_body(Bytes{key.body_bytes}), key.reuse ? "reuse" : "no reuse");
  if (buffers_.size() > 1) name += " buffers=" + key.buffers;
  if (tls_.size() > 1) name += " tls=" + key.tls;
  if (connections_.size() > 1) name += fmt::format(" connections={}", key.connections);
  return name;
}

}  // namespace urb
