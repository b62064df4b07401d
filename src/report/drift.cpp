// Mann-Kendall: counts in how many pairs of trials the later one is the faster.
#include "report/drift.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "stats/summary.hpp"

namespace urb {
namespace {

// In the order of the run: each trial's throughput by its cell's median.
std::vector<double> relative_speeds(const std::vector<Cell>& cells) {
  std::vector<std::pair<std::uint64_t, double>> trials;
  for (const Cell& cell : cells) {
    const Row::Figure median = cell.median(&Row::requests_per_s);
    if (!median || *median <= 0 || cell.rows.size() < 2) continue;
    for (const Row& row : cell.rows) {
      if (row.requests_per_s) trials.emplace_back(row.trial_order, *row.requests_per_s / *median);
    }
  }
  std::sort(trials.begin(), trials.end());
  std::vector<double> speeds;
  speeds.reserve(trials.size());
  for (const auto& [order, speed] : trials) speeds.push_back(speed);
  return speeds;
}

}  // namespace

std::optional<double> find_drift(const std::vector<Cell>& cells) {
  const std::vector<double> speeds = relative_speeds(cells);
  const std::size_t count = speeds.size();
  if (count < kDriftTrialsMin) return std::nullopt;
  double rising = 0;
  std::vector<double> slopes;  // of all pairs: their median is Theil and Sen's
  slopes.reserve(count * (count - 1) / 2);
  for (std::size_t later = 1; later < count; ++later) {
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      const double change = speeds[later] - speeds[earlier];
      rising += change > 0 ? 1 : change < 0 ? -1 : 0;
      slopes.push_back(change / static_cast<double>(later - earlier));
    }
  }
  const auto n = static_cast<double>(count);
  const double deviation = std::sqrt(n * (n - 1) * (2 * n + 5) / 18);
  constexpr double kTwoSidedOnePercent = 2.576;  // of the standard normal distribution
  // One less: the sum moves in steps of two (continuity).
  if ((std::abs(rising) - 1) / deviation < kTwoSidedOnePercent) return std::nullopt;
  const double drift = median_of(slopes) * (n - 1);
  if (std::abs(drift) < kDriftMin) return std::nullopt;
  return drift;
}

}  // namespace urb
