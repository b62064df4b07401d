#include "row/columns.hpp"

namespace urb {

std::string_view name_of(RowSection section) noexcept {
  constexpr std::array<std::string_view, 11> kNames{
      "provenance",  "workload",  "rate",  "latency", "client_cpu", "server_cpu",
      "kernel_work", "mechanism", "truth", "memory",  "checks"};
  return kNames.at(static_cast<std::size_t>(section));
}

const std::vector<std::string>& column_names(std::uint64_t schema) {
  static const auto names = [] {
    std::array<std::vector<std::string>, kSchema> by_schema;
    for (const Column& column : kColumns) {
      for (std::uint64_t has_it = column.schema; has_it <= kSchema; ++has_it) {
        by_schema.at(has_it - 1).emplace_back(column.name);
      }
    }
    return by_schema;
  }();
  return names.at(schema - 1);
}

}  // namespace urb
