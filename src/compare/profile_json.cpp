// One object; names as in profile_comparison.hpp.
#include "compare/profile_json.hpp"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace urb {
namespace {

using Json = nlohmann::ordered_json;

Json source_to_json(const ProfileSource& source) {
  return {{"file", source.name},
          {"kernels", source.kernels},
          {"runs", source.runs},
          {"boots", source.boots},
          {"rows", source.row_count}};
}

Json change_to_json(const ProfileCellChange& cell, const CountChange& change) {
  return {{"base", {{"median", change.base_median}, {"boots", change.base}}},
          {"new", {{"median", change.next_median}, {"boots", change.next}}},
          {"change", change.difference()},
          {"share_of_base", cell.share_of_base(change.difference())},
          {"beyond_noise", change.is_beyond_noise}};
}

Json cell_to_json(const ProfileCellChange& cell) {
  Json subsystems = Json::array();
  for (const CountChange& change : cell.subsystems) {
    Json json{{"subsystem", change.name}};
    json.update(change_to_json(cell, change));
    subsystems.push_back(std::move(json));
  }
  Json functions = Json::array();
  for (const CountChange& change : cell.functions) {
    Json json{{"function", change.name}, {"subsystem", change.subsystem}};
    json.update(change_to_json(cell, change));
    functions.push_back(std::move(json));
  }
  Json json{{"cell", cell.cell}};
  json.update(change_to_json(cell, cell.sum));
  json["beyond_threshold"] = cell.beyond_threshold;
  json["subsystems"] = std::move(subsystems);
  json["functions"] = std::move(functions);
  return json;
}

}  // namespace

std::string format_profile_comparison_json(const ProfileComparison& comparison) {
  Json cells = Json::array();
  for (const ProfileCellChange& cell : comparison.cells) cells.push_back(cell_to_json(cell));
  const Json json{{"format", "uring-bench-profile-comparison-1"},
                  {"base", source_to_json(comparison.base)},
                  {"new", source_to_json(comparison.next)},
                  {"threshold_percent", comparison.threshold_percent},
                  {"regression", comparison.found_regression()},
                  {"cells", std::move(cells)},
                  {"base_only", comparison.base_only},
                  {"new_only", comparison.next_only},
                  {"notes", comparison.notes}};
  // File names need not be UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace urb
