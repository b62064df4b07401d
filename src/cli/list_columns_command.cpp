#include "cli/command.hpp"
#include "report/console.hpp"
#include "report/json.hpp"
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

struct ListColumnsOptions {
  bool json = false;
};

int run_list_columns(const ListColumnsOptions& options) {
  write_text(stdout, options.json ? format_columns_json() : format_columns());
  return kExitOk;
}

void declare_list_columns(Flags& flags, ListColumnsOptions& options) {
  flags.flag("--json", options.json, "as JSON, for programs");
}

}  // namespace

extern const Command command_list_columns;
const Command command_list_columns{.name = "list-columns",
                                   .summary = "Says what each column of the CSV means",
                                   .examples = "  uring-bench list-columns --json\n",
                                   .declare = [](Flags& flags) {
                                     return make_action(flags, declare_list_columns,
                                                        run_list_columns);
                                   }};

}  // namespace urb
