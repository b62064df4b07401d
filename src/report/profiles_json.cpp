#include "report/profiles_json.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.hpp"
#include "report/json_figure.hpp"

namespace urb {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const ProfileEntry& entry) {
  Json counts = Json::array();
  for (const double count : entry.instructions) counts.push_back(rounded(count));
  return {{"name", entry.name}, {"instructions", std::move(counts)}};
}

Json to_json(const SubsystemProfile& subsystem) {
  Json json = to_json(subsystem.sum);
  Json& functions = json["functions"] = Json::array();
  for (const ProfileEntry& function : subsystem.functions) functions.push_back(to_json(function));
  return json;
}

Json to_json(const CellProfile::Kernel& kernel) {
  return {{"name", kernel.name},
          {"kernel", kernel.build.kernel},
          {"kernel_compiler", kernel.build.kernel_compiler},
          {"kernel_config", kernel.build.kernel_config},
          {"guest", kernel.build.guest},
          {"method", kernel.build.method},
          {"boots", kernel.boots},
          {"instructions", rounded(kernel.instructions)}};
}

Json to_json(const CellProfile& cell, std::size_t place) {
  Json kernels = Json::array();
  for (const CellProfile::Kernel& kernel : cell.kernels) kernels.push_back(to_json(kernel));
  Json subsystems = Json::array();
  for (const SubsystemProfile& each : cell.subsystems) subsystems.push_back(to_json(each));
  return {{"id", fmt::format("p{}", place)},
          {"name", cell.name},
          {"mode", cell.key.mode},
          {"relay", cell.key.relay},
          {"body_bytes", cell.key.body_bytes},
          {"reuse", cell.key.reuse},
          {"buffers", cell.key.buffers},
          {"tls", cell.key.tls},
          {"connections", cell.key.connections},
          {"kernels", std::move(kernels)},
          {"subsystems", std::move(subsystems)}};
}

}  // namespace

Json profiles_json(const Profiles& profiles) {
  Json files = Json::array();
  for (const Profiles::File& file : profiles.files()) {
    files.push_back(
        {{"name", clean_text(file.name)}, {"rows", file.row_count}, {"repeated", file.repeated}});
  }
  Json cells = Json::array();
  for (const CellProfile& cell : profiles.cells()) cells.push_back(to_json(cell, cells.size()));
  return {{"files", std::move(files)}, {"cells", std::move(cells)}};
}

}  // namespace urb
