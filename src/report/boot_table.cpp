#include "report/boot_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "report/markdown.hpp"

namespace urb {
namespace {

// "3950 to 4102 (3.8 %)": the lowest and the highest median over the boots.
std::string spread_of(const std::map<std::string_view, Cell>& boots, const Metric& metric) {
  double low = 0;
  double high = 0;
  for (const auto& [id, cell] : boots) {
    const std::vector<double> figures = cell.figures(metric);
    if (figures.empty()) return std::string{kNoFigure};
    const double median = median_of(figures);
    low = low == 0 ? median : std::min(low, median);
    high = std::max(high, median);
  }
  const std::string range = fmt::format("{}–{}", format_short(low), format_short(high));
  return low > 0 ? fmt::format("{} ({:.1f} %)", range, (high / low - 1) * 100) : range;
}

}  // namespace

Report boot_table(const std::vector<Cell>& cells) {
  MarkdownTable table{
      {"Test", "Body", "Reuse", "boots", "req/s", "total CPU µs/req", "server CPU µs/req"}, 3};
  for (const Cell* const cell : cells_in_order(cells)) {
    std::map<std::string_view, Cell> boots;
    for (const Row& row : cell->rows) {
      if (!row.boot_id.empty()) boots[row.boot_id].add(row);
    }
    if (boots.size() < 2) continue;
    std::vector<std::string> fields = cell_names(*cell);
    fields.push_back(fmt::format("{}", boots.size()));
    const std::string rate = spread_of(boots, *find_metric_of_column("requests_per_s"));
    fields.push_back(cell->is_limited_by_client() ? "≥ " + rate : rate);
    for (const std::string_view column :
         {"cpu_us_per_request_total", "cpu_us_per_request_server"}) {
      fields.push_back(spread_of(boots, *find_metric_of_column(column)));
    }
    table.add(std::move(fields));
  }
  if (table.is_empty()) return {};
  return {{Block::Kind::heading, "Between boots\n"},
          {Block::Kind::table, table.render()},
          {Block::Kind::note,
           "Lowest and highest median over the boots of this machine, and how far they are apart. "
           "The intervals of the other tables are within what was measured, over all its "
           "rounds.\n"}};
}

}  // namespace urb
