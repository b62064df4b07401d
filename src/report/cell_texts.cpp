#include "report/cell_texts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace urb {
namespace {

int decimals_for(double figure) {
  const double size = std::abs(figure);
  if (size >= 99.95 || size == 0) return 0;
  if (size >= 9.995) return 1;
  return size >= 0.0995 ? 2 : 4;
}

std::string format_interval(const MedianInterval& interval, int decimals) {
  if (interval.sample_count < 2) return fmt::format("{:.{}f}", interval.median, decimals);
  return fmt::format("{:.{}f} ({:.{}f}–{:.{}f})", interval.median, decimals, interval.low, decimals,
                     interval.high, decimals);
}

std::string format_samples(const std::vector<double>& samples) {
  return samples.empty() ? std::string{kNoFigure} : format_median(median_interval(samples));
}

}  // namespace

std::vector<const Cell*> cells_in_order(const std::vector<Cell>& cells) {
  std::vector<const Cell*> ordered;
  for (const Cell& cell : cells) {
    if (cell.has_figures()) ordered.push_back(&cell);
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const Cell* left, const Cell* right) {
    if (left->reuse != right->reuse) return right->reuse;
    return left->body > right->body;
  });
  return ordered;
}

std::vector<std::string> cell_names(const Cell& cell) {
  return {cell.name(), format_body(cell.body), cell.reuse ? "yes" : "no"};
}

std::string name_in_text(const Cell& cell) {
  return fmt::format("{} {} {}", cell.name(), format_body(cell.body),
                     cell.reuse ? "reuse" : "no reuse");
}

std::string format_median(const MedianInterval& interval) {
  return format_interval(interval, decimals_for(interval.median));
}

std::string format_ratio(const MedianInterval& interval) {
  if (interval.sample_count == 0) return std::string{kNoFigure};
  return format_interval(interval, 2);
}

std::string format_median_of(const Cell& cell, Row::Figure Row::*column) {
  return format_samples(cell.figures(column));
}

std::string format_median_of(const Cell& cell, const Metric& metric) {
  return format_samples(cell.figures(metric));
}

std::string format_rate_of(const Cell& cell) {
  const std::string rate = format_median_of(cell, &Row::requests_per_s);
  return cell.is_limited_by_client() && rate != kNoFigure ? "≥ " + rate : rate;
}

std::string format_short(const Row::Figure& figure) {
  if (!figure) return std::string{kNoFigure};
  return fmt::format("{:.{}f}", *figure, decimals_for(*figure));
}

std::string format_body(Bytes body) { return format_bytes(body) + "B"; }

std::string disturbed_note(const std::vector<Cell>& cells) {
  std::size_t disturbed = 0;
  std::size_t trials = 0;
  std::map<std::string, std::size_t> counts;
  std::string empty_cells;
  for (const Cell& cell : cells) {
    disturbed += cell.disturbed_count;
    trials += cell.rows.size() + cell.disturbed_count;
    for (const auto& [reason, count] : cell.disturbed_reasons) counts[reason] += count;
    if (cell.has_figures() || cell.disturbed_count == 0) continue;
    empty_cells += (empty_cells.empty() ? "" : ", ") + name_in_text(cell);
  }
  if (disturbed == 0) return "";
  std::string reasons;
  for (const auto& [reason, count] : counts) {
    reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", reason, count);
  }
  std::string note =
      fmt::format("{} of {} trials {} disturbed ({}) and {} left out.", disturbed, trials,
                  disturbed == 1 ? "was" : "were", reasons, disturbed == 1 ? "is" : "are");
  if (!empty_cells.empty()) note += " No other trial is there of: " + empty_cells + ".";
  return note + "\n";
}

}  // namespace urb
