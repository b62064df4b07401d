#include "cli/load_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/markdown.hpp"
#include "report/rounds.hpp"
#include "report/tables.hpp"

namespace urb {
namespace {

// ab has no histogram.
std::array<Row::Figure, 4> latencies_of(const Cell& cell) {
  if (!cell.latency || cell.latency->count() == 0) {
    return {cell.median(&Row::latency_us_p50), cell.median(&Row::latency_us_p99),
            cell.median(&Row::latency_us_p999), cell.median(&Row::latency_us_max)};
  }
  const LatencySummary latency = summarize(*cell.latency);
  return {latency.p50_us, latency.p99_us, latency.p999_us, latency.max_us};
}

Row::Figure median_of_metric(const Cell& cell, std::string_view metric) {
  const std::vector<double> figures = cell.figures(*find_metric(metric));
  return figures.empty() ? Row::Figure{} : Row::Figure{median_of(figures)};
}

const Cell& first_server(const std::vector<Cell>& cells, const Cell& cell) {
  return *std::find_if(cells.begin(), cells.end(), [&cell](const Cell& other) {
    return other.body == cell.body && other.reuse == cell.reuse;
  });
}

std::string ratio_to_first(const std::vector<Cell>& cells, const Cell& cell) {
  const Cell& first = first_server(cells, cell);
  if (&first == &cell) return "1";
  const MedianInterval ratio =
      compare_rounds(cell, first, *find_metric("req/s"), RoundComparison::Kind::ratio).interval;
  if (ratio.sample_count == 0) return std::string{kNoFigure};
  if (ratio.sample_count == 1) return fmt::format("{:.3f}", ratio.median);
  return fmt::format("{:.3f} ({:.3f}–{:.3f})", ratio.median, ratio.low, ratio.high);
}

struct Columns {
  bool has_urls;
  bool has_server_cpu;
};

std::vector<std::string> titles(const Columns& columns) {
  std::vector<std::string> titles{"Body", "Reuse", "requests", "errors", "req/s"};
  if (columns.has_urls) {
    titles.insert(titles.begin(), "URL");
    titles.emplace_back("by the first's");
  }
  titles.insert(titles.end(),
                {"GB/s", "p50 µs", "p99 µs", "p99.9 µs", "max µs", "client µs/req", "client s/GB"});
  if (columns.has_server_cpu) titles.insert(titles.end(), {"server µs/req", "server s/GB"});
  return titles;
}

std::vector<std::string> names_of(const Cell& cell, const Columns& columns) {
  std::vector<std::string> names{format_body(cell.body), cell.reuse ? "yes" : "no"};
  if (columns.has_urls) names.insert(names.begin(), escape_markdown(cell.url));
  return names;
}

std::vector<std::string> line_of(const std::vector<Cell>& cells, const Cell& cell,
                                 const LoadTally& tally, const Columns& columns) {
  std::vector<std::string> fields = names_of(cell, columns);
  fields.push_back(fmt::format("{}", tally.requests));
  fields.push_back(fmt::format("{}", tally.errors));
  fields.push_back(format_median_of(cell, &Row::requests_per_s));
  if (columns.has_urls) fields.push_back(ratio_to_first(cells, cell));
  const double gb_per_s = cell.median(&Row::bytes_per_s).value_or(0) / 1e9;
  fields.push_back(gb_per_s > 0 ? format_short(gb_per_s) : std::string{kNoFigure});
  for (const Row::Figure& figure : latencies_of(cell)) fields.push_back(format_short(figure));
  fields.push_back(format_short(cell.median(&Row::cpu_us_per_request_client)));
  fields.push_back(format_short(cell.median(&Row::cpu_s_per_gb_client)));
  if (columns.has_server_cpu) {
    fields.push_back(format_short(median_of_metric(cell, "cpu/req")));
    fields.push_back(format_short(cell.median(&Row::cpu_s_per_gb_server)));
  }
  return fields;
}

// The same latencies from the send, and what of the plan was not kept.
std::string format_open_loop(const std::vector<Cell>& cells, const Columns& columns) {
  std::vector<std::string> titles{
      "Body",        "Reuse",       "requested req/s", "achieved req/s", "missed",     "unsent",
      "sent p50 µs", "sent p99 µs", "sent p99.9 µs",   "sent max µs",    "late p99 µs"};
  if (columns.has_urls) titles.insert(titles.begin(), "URL");
  MarkdownTable table{std::move(titles), columns.has_urls ? 3U : 2U};
  for (const Cell& cell : cells) {
    const Row::Figure requested = cell.median(&Row::rate_requested);
    if (!requested || !cell.open_loop) continue;
    std::vector<std::string> fields = names_of(cell, columns);
    fields.push_back(format_short(requested));
    fields.push_back(format_short(cell.median(&Row::requests_per_s)));
    fields.push_back(fmt::format("{}", cell.open_loop->missed));
    fields.push_back(fmt::format("{}", cell.open_loop->unsent));
    const LatencySummary service = summarize(cell.open_loop->service);
    for (const double us : {service.p50_us, service.p99_us, service.p999_us, service.max_us,
                            summarize(cell.open_loop->lateness).p99_us}) {
      fields.push_back(format_short(us));
    }
    table.add(std::move(fields));
  }
  if (table.is_empty()) return {};
  return "\nThe latencies above are from the planned time, these from the send; late is the "
         "client's own part of the former:\n\n" +
         table.render();
}

}  // namespace

std::string format_load_tables(const std::vector<Cell>& cells,
                               const std::vector<LoadTally>& tallies, bool has_server_cpu) {
  const Columns columns{
      .has_urls = std::any_of(cells.begin(), cells.end(),
                              [&](const Cell& cell) { return cell.url != cells.front().url; }),
      .has_server_cpu = has_server_cpu};
  MarkdownTable table{titles(columns), columns.has_urls ? 3U : 2U};
  for (std::size_t place = 0; place < cells.size(); ++place) {
    table.add(line_of(cells, cells[place], tallies[place], columns));
  }
  return table.render() + format_open_loop(cells, columns);
}

}  // namespace urb
