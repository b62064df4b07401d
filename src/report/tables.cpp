#include "report/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "report/markdown.hpp"
#include "report/open_loop_table.hpp"
#include "report/ratio_table.hpp"
#include "report/rounds.hpp"
#include "report/routing_table.hpp"

namespace urb {
namespace {

std::set<Bytes, std::greater<>> bodies_of(const std::vector<Cell>& cells) {
  std::set<Bytes, std::greater<>> bodies;
  for (const Cell& cell : cells) bodies.insert(cell.body);
  return bodies;
}

std::vector<std::string> modes_of(const std::vector<Cell>& cells) {
  std::vector<std::string> modes;
  for (const Cell& cell : cells) {
    if (std::find(modes.begin(), modes.end(), cell.name()) == modes.end()) {
      modes.push_back(cell.name());
    }
  }
  return modes;
}

const Cell* find_cell(const std::vector<Cell>& cells, const std::string& mode, Bytes body,
                      bool reuse) {
  for (const Cell& cell : cells) {
    if (cell.name() == mode && cell.body == body && cell.reuse == reuse) return &cell;
  }
  return nullptr;
}

std::string throughput_of(const Cell* cell) {
  if (cell == nullptr) return std::string{kNoFigure};
  if (cell->has_figures()) return format_rate_of(*cell) + " req/s";
  return std::string{cell->failed_count == 0 ? kNoFigure : name_of(cell->failed_status)};
}

// How sure the intervals are; one clause for each number of repeats that occurs.
std::string interval_note(const std::vector<Cell>& cells) {
  std::set<std::size_t> counts;
  for (const Cell& cell : cells) {
    if (cell.has_figures()) counts.insert(cell.rows.size());
  }
  std::string note =
      "Median of the repeats (low–high: the 95 % confidence interval of the median, by order "
      "statistics)";
  for (const std::size_t count : counts) {
    if (count == 1) {
      note += "; one repeat has no interval";
    } else if (const double reached = order_statistics_confidence(count, 1); reached < 0.95) {
      note += fmt::format("; {} repeats reach {:.4g} %: their whole range", count, reached * 100);
    }
  }
  note += ".\n";
  const bool has_limited = std::any_of(
      cells.begin(), cells.end(), [](const Cell& cell) { return cell.is_limited_by_client(); });
  if (has_limited) {
    note += "≥: the client was the limit in most trials, and the server could do more.\n";
  }
  return note + disturbed_note(cells);
}

// Rows alone carry none, nor does another client.
bool has_histogram(const Cell& cell) { return cell.latency && cell.latency->count() != 0; }

// Of all requests together where they are known.
std::array<Row::Figure, 4> latencies_of(const Cell& cell) {
  if (!has_histogram(cell)) {
    return {cell.median(&Row::latency_us_p50), cell.median(&Row::latency_us_p99),
            cell.median(&Row::latency_us_p999), cell.median(&Row::latency_us_max)};
  }
  const LatencySummary latency = summarize(*cell.latency);
  return {latency.p50_us, latency.p99_us, latency.p999_us, latency.max_us};
}

// In percent, within the rounds that both were in.
Row::Figure share_of_reference(const std::vector<Cell>& cells, const Cell& cell) {
  const Cell* const reference = find_reference(cells, cell);
  if (reference == nullptr) return std::nullopt;
  const MedianInterval ratio =
      compare_rounds(cell, *reference, *find_metric_of_column("requests_per_s"),
                     RoundComparison::Kind::ratio)
          .interval;
  if (ratio.sample_count == 0) return std::nullopt;
  return ratio.median * 100;
}

Report end_of_run_latency(const std::vector<Cell>& cells) {
  return latency_table(cells, RateColumn::hidden);
}

}  // namespace

Report make_report(const std::vector<Cell>& cells) {
  Report report;
  for (const auto& part : {ratio_table, study_tables, end_of_run_latency, open_loop_table,
                           routing_table, cpu_table, kernel_work_table, failures_and_warnings}) {
    for (Block& block : part(cells)) report.push_back(std::move(block));
  }
  return report;
}

Report study_tables(const std::vector<Cell>& cells) {
  const auto bodies = bodies_of(cells);
  Report report;
  for (const bool reuse : {false, true}) {
    std::vector<std::string> header{"Test"};
    for (const Bytes body : bodies) {
      header.push_back(fmt::format("Thruput w/ {} Req", format_body(body)));
    }
    MarkdownTable table{std::move(header), 1};
    for (const std::string& mode : modes_of(cells)) {
      std::vector<std::string> fields{mode};
      bool has_cell = false;
      for (const Bytes body : bodies) {
        const Cell* const cell = find_cell(cells, mode, body, reuse);
        has_cell = has_cell || cell != nullptr;
        fields.push_back(throughput_of(cell));
      }
      if (has_cell) table.add(std::move(fields));
    }
    if (table.is_empty()) continue;
    report.push_back(
        {Block::Kind::heading, fmt::format("Connection reuse: {}\n", reuse ? "YES" : "NO")});
    report.push_back({Block::Kind::table, table.render()});
  }
  const bool has_figures = std::any_of(cells.begin(), cells.end(), [](const Cell& cell) {
    return cell.has_figures() || cell.disturbed_count != 0;
  });
  if (has_figures) report.push_back({Block::Kind::note, interval_note(cells)});
  return report;
}

Report latency_table(const std::vector<Cell>& cells, RateColumn rate) {
  std::vector<std::string> header{"Test", "Body", "Reuse"};
  if (rate == RateColumn::shown) header.emplace_back("req/s");
  for (const char* const name : {"GB/s", "% of direct", "p50 µs", "p99 µs", "p99.9 µs", "max µs",
                                 "busiest/mean worker", "bottleneck"}) {
    header.emplace_back(name);
  }
  MarkdownTable table{std::move(header), 3};
  bool has_medians = false;
  for (const Cell* const cell : cells_in_order(cells)) {
    std::vector<std::string> fields = cell_names(*cell);
    if (rate == RateColumn::shown) fields.push_back(format_rate_of(*cell));
    Row::Figure gb_per_s = cell->median(&Row::bytes_per_s);
    if (gb_per_s) *gb_per_s /= 1e9;
    fields.push_back(format_short(cell->body.value == 0 ? Row::Figure{} : gb_per_s));
    fields.push_back(format_short(share_of_reference(cells, *cell)));
    for (const Row::Figure& figure : latencies_of(*cell)) fields.push_back(format_short(figure));
    has_medians = has_medians || (!has_histogram(*cell) && latencies_of(*cell).front());
    fields.push_back(format_short(cell->median(&Row::worker_imbalance)));
    const std::string bottleneck = escape_markdown(cell->bottleneck());
    fields.push_back(bottleneck.empty() ? std::string{kNoFigure} : bottleneck);
    table.add(std::move(fields));
  }
  if (table.is_empty()) return {};
  Report report{{Block::Kind::heading, "Throughput and latency\n"},
                {Block::Kind::table, table.render()}};
  if (has_medians) {
    report.push_back({Block::Kind::note,
                      "Latencies of trials without a histogram are the medians of the trials' own "
                      "percentiles.\n"});
  }
  add_disturbed_note(report, cells);
  return report;
}

Report kernel_work_table(const std::vector<Cell>& cells) {
  MarkdownTable table{{"Test", "Body", "Reuse", "io_uring_enter/req", "SQEs/req",
                       "context switches/req", "sockets per hand-over", "short splices/req"},
                      3};
  for (const Cell* const cell : cells_in_order(cells)) {
    const std::vector<double> short_splices =
        cell->figures(*find_metric_of_column("short_splices_per_request"));
    const auto median_or_unknown = [](const std::vector<double>& values) {
      return values.empty() ? Row::Figure{} : Row::Figure{median_of(values)};
    };
    std::vector<std::string> fields = cell_names(*cell);
    for (const Row::Figure& figure :
         {cell->median(&Row::enters_per_request), cell->median(&Row::sqes_per_request),
          cell->median(&Row::context_switches_per_request),
          median_or_unknown(cell->sockets_per_message), median_or_unknown(short_splices)}) {
      fields.push_back(format_short(figure));
    }
    table.add(std::move(fields));
  }
  if (table.is_empty()) return {};
  Report report{{Block::Kind::heading, "Kernel work, master and workers together\n"},
                {Block::Kind::table, table.render()}};
  add_disturbed_note(report, cells);
  return report;
}

void add_disturbed_note(Report& report, const std::vector<Cell>& cells) {
  std::string note = disturbed_note(cells);
  if (!note.empty()) report.push_back({Block::Kind::note, std::move(note)});
}

Report failures_and_warnings(const std::vector<Cell>& cells) {
  Report report;
  for (const Cell& cell : cells) {
    if (cell.failed_count == 0) continue;
    report.push_back({Block::Kind::warning,
                      fmt::format("{}, {}, reuse {}: {} of {} trials {}: {}\n", cell.name(),
                                  format_body(cell.body), cell.reuse ? "yes" : "no",
                                  cell.failed_count, cell.failed_count + cell.rows.size(),
                                  name_of(cell.failed_status), cell.failed_reason)});
  }
  struct Place {
    std::string names;
    std::size_t count = 0;
  };
  std::map<Warning, Place> places;
  for (const Cell& cell : cells) {
    for (const Warning warning : cell.warnings) {
      Place& place = places[warning];
      if (place.count++ != 0) place.names += ", ";
      place.names += name_in_text(cell);
    }
  }
  for (const auto& [warning, place] : places) {
    const bool is_everywhere = place.count == cells.size();
    report.push_back(
        {Block::Kind::warning, fmt::format("warning: {}{}\n", text_of(warning),
                                           is_everywhere ? "" : " (" + place.names + ")")});
  }
  return report;
}

}  // namespace urb
