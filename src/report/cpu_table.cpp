// CPU time of a request: of all that worked for it, then of its parts.
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "report/markdown.hpp"
#include "report/tables.hpp"

namespace urb {
namespace {

struct CpuColumn {
  std::string_view head;
  std::string_view metric;
};

constexpr std::array kPerRequest{
    CpuColumn{"server µs/req", "cpu_us_per_request_server"},
    CpuColumn{"total µs/req", "cpu_us_per_request_total"},
    CpuColumn{"host µs/req", "host_cpu_us_per_request"},
    CpuColumn{"client µs/req", "cpu_us_per_request_client"},
    CpuColumn{"master µs/req", "cpu_us_per_request_master"},
    CpuColumn{"workers µs/req", "cpu_us_per_request_workers"},
    CpuColumn{"io-wq µs/req", "cpu_us_per_request_iowq"},
};
// CPU seconds for 10^9 bytes of request bodies, from µs per request.
constexpr std::array kPerGb{
    CpuColumn{"server s/GB", "cpu_us_per_request_server"},
    CpuColumn{"total s/GB", "cpu_us_per_request_total"},
};

bool is_known(const std::vector<Cell>& cells, std::string_view metric) {
  return std::any_of(cells.begin(), cells.end(), [metric](const Cell& cell) {
    return !cell.figures(*find_metric_of_column(metric)).empty();
  });
}

std::string per_gb(const Cell& cell, std::string_view metric) {
  std::vector<double> figures = cell.figures(*find_metric_of_column(metric));
  if (figures.empty() || cell.body.value == 0) return std::string{kNoFigure};
  for (double& figure : figures) figure *= 1e3 / static_cast<double>(cell.body.value);
  return format_median(median_interval(figures));
}

}  // namespace

Report cpu_table(const std::vector<Cell>& cells) {
  std::vector<CpuColumn> columns;
  for (const CpuColumn& column : kPerRequest) {
    if (is_known(cells, column.metric)) columns.push_back(column);
  }
  std::vector<std::string> header{"Test", "Body", "Reuse"};
  for (const CpuColumn& column : columns) header.emplace_back(column.head);
  for (const CpuColumn& column : kPerGb) header.emplace_back(column.head);
  MarkdownTable table{std::move(header), 3};
  for (const Cell* const cell : cells_in_order(cells)) {
    std::vector<std::string> fields = cell_names(*cell);
    for (const CpuColumn& column : columns) {
      fields.push_back(format_median_of(*cell, *find_metric_of_column(column.metric)));
    }
    for (const CpuColumn& column : kPerGb) fields.push_back(per_gb(*cell, column.metric));
    table.add(std::move(fields));
  }
  if (table.is_empty() || columns.empty()) return {};
  return {{Block::Kind::heading, "CPU time\n"},
          {Block::Kind::table, table.render()},
          {Block::Kind::note,
           "Median (low–high). server: master and workers, with their io-wq threads. total: client "
           "and server. host: whatever the CPUs were busy with. GB: 10^9 bytes of request "
           "bodies.\n" +
               disturbed_note(cells)}};
}

}  // namespace urb
