#include "report/cell.hpp"

#include <algorithm>

#include "mode/mode_looks.hpp"

namespace urb {

std::vector<double> Cell::figures(Row::Figure Row::*column) const {
  std::vector<double> values;
  values.reserve(rows.size());
  for (const Row& row : rows) {
    if (row.*column) values.push_back(*(row.*column));
  }
  return values;
}

std::vector<double> Cell::figures(const Metric& metric) const {
  std::vector<double> values;
  values.reserve(rows.size());
  for (const Row& row : rows) {
    if (const Row::Figure figure = metric.figure_of(row)) values.push_back(*figure);
  }
  return values;
}

Row::Figure Cell::median(Row::Figure Row::*column) const {
  const std::vector<double> values = figures(column);
  if (values.empty()) return std::nullopt;
  return median_of(values);
}

bool Cell::is_limited_by_client() const {
  std::vector<const Row*> trials;
  for (const Row& row : rows) trials.push_back(&row);
  return are_limited_by_client(trials);
}

std::string Cell::bottleneck() const {
  std::map<std::string, std::size_t> counts;
  for (const Row& row : rows) ++counts[row.bottleneck];
  const auto most = std::max_element(
      counts.begin(), counts.end(),
      [](const auto& left, const auto& right) { return left.second < right.second; });
  return most == counts.end() ? "" : most->first;
}

std::map<std::string, std::size_t> Cell::warning_counts() const {
  std::map<std::string, std::size_t> counts;
  for (const Row& row : rows) {
    for (const std::string& name : split_warnings(row.warnings)) ++counts[name];
  }
  return counts;
}

bool Cell::takes(const Row& row) const noexcept {
  return row.status == Status::ok && (accepts_disturbed || !is_disturbed(row));
}

void Cell::add(const Row& row, const Histogram& trial_latency) {
  add(row);
  if (!takes(row)) return;
  if (!latency) latency.emplace();
  latency->merge(trial_latency);
}

void Cell::add(const OpenLoop& trial) {
  if (!open_loop) open_loop.emplace();
  open_loop->merge(trial);
}

void Cell::add(const Row& row) {
  if (takes(row)) {
    rows.push_back(row);
    return;
  }
  if (row.status == Status::ok) {
    ++disturbed_count;
    for (const std::string& reason : split_warnings(row.disturbed)) ++disturbed_reasons[reason];
    return;
  }
  warnings.insert(Warning::trials_failed);
  if (failed_count++ != 0) return;
  failed_status = row.status;
  failed_reason = row.warnings;
}

bool is_reference(const Cell& cell) noexcept {
  const auto modes = mode_looks();
  return std::any_of(modes.begin(), modes.end(), [&cell](const ModeLook& mode) {
    return mode.is_reference && mode.name == cell.mode;
  });
}

const Cell* find_reference(const std::vector<Cell>& cells, const Cell& cell) noexcept {
  for (const Cell& other : cells) {
    if (is_reference(other) && other.kernel == cell.kernel && other.body == cell.body &&
        other.reuse == cell.reuse) {
      return other.has_figures() ? &other : nullptr;
    }
  }
  return nullptr;
}

}  // namespace urb
