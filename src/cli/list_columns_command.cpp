#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "report/console.hpp"
#include "report/markdown.hpp"
#include "row/columns.hpp"

namespace urb {
namespace {

std::string format_columns() {
  MarkdownTable table{{"Column", "Section", "Unit", "Meaning"}, 4};
  for (const Column& column : kColumns) {
    table.add({std::string{column.name}, std::string{name_of(column.section)},
               std::string{column.unit.name}, std::string{column.meaning}});
  }
  return table.render();
}

std::string format_columns_json() {
  auto list = nlohmann::ordered_json::array();
  for (const Column& column : kColumns) {
    list.push_back({{"name", column.name},
                    {"section", name_of(column.section)},
                    {"unit", column.unit.name},
                    {"meaning", column.meaning}});
  }
  return list.dump(1) + "\n";
}

}  // namespace

int run_list_columns(const Options& options) {
  write_text(stdout, options.columns_as_json ? format_columns_json() : format_columns());
  return kExitOk;
}

}  // namespace urb
