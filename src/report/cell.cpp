// Collecting the trials of a cell.
#include "report/cell.hpp"

#include <map>

namespace urb {

std::vector<double> Cell::figures(Row::Figure Row::*column) const {
  std::vector<double> values;
  values.reserve(rows.size());
  for (const Row& row : rows) {
    if (row.*column) values.push_back(*(row.*column));
  }
  return values;
}

Row::Figure Cell::median(Row::Figure Row::*column) const {
  const std::vector<double> values = figures(column);
  if (values.empty()) return std::nullopt;
  return median_of(values);
}

std::string Cell::bottleneck() const {
  std::map<std::string, std::size_t> counts;
  std::string most;
  for (const Row& row : rows) ++counts[row.bottleneck];
  for (const auto& [name, count] : counts) {
    if (most.empty() || count > counts[most]) most = name;
  }
  return most;
}

void Cell::add(const Row& row, const Histogram& trial_latency) {
  if (row.status == Status::ok) {
    rows.push_back(row);
    latency.merge(trial_latency);
    return;
  }
  warnings.insert(Warning::trials_failed);
  if (failed_count++ != 0) return;
  failed_status = row.status;
  failed_reason = row.warnings;
}

const Cell* find_ceiling(const std::vector<Cell>& cells, const Cell& cell) noexcept {
  for (const Cell& other : cells) {
    if (other.mode == "direct" && other.body == cell.body && other.reuse == cell.reuse) {
      return other.has_figures() ? &other : nullptr;
    }
  }
  return nullptr;
}

}  // namespace urb
