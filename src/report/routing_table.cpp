#include "report/routing_table.hpp"

#include <utility>

#include "report/markdown.hpp"

namespace urb {

Report routing_table(const std::vector<Cell>& cells) {
  MarkdownTable table{{"Test", "Body", "Reuse", "routed right %", "by chance %"}, 3};
  for (const Cell* const cell : cells_in_order(cells)) {
    Row::Figure share = cell->median(&Row::routing_fidelity);
    if (!share) continue;
    *share *= 100;
    Row::Figure chance;
    if (const std::uint64_t workers = cell->rows.front().workers; workers != 0) {
      chance = 100.0 / static_cast<double>(workers);
    }
    std::vector<std::string> fields = cell_names(*cell);
    fields.push_back(format_short(share));
    fields.push_back(format_short(chance));
    table.add(std::move(fields));
  }
  if (table.is_empty()) return {};
  Report report{
      {Block::Kind::heading, "Routing by key\n"},
      {Block::Kind::table, table.render()},
      {Block::Kind::note,
       "Requests that were served by the worker their X-Route asked for. A mode that chooses a "
       "worker once for a connection, or before it has read a head, is right by chance only.\n"}};
  add_disturbed_note(report, cells);
  return report;
}

}  // namespace urb
