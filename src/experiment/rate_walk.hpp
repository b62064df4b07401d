// Finds for each cell the highest rate that keeps a bound, by trials, in rounds: each round has one
// trial of every cell whose search is not over, so that a drift of the machine meets all alike.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "experiment/matrix.hpp"
#include "experiment/rate_search.hpp"
#include "experiment/runner.hpp"

namespace urb {

struct RatePlan {
  Grid grid;
  LatencyBound bound;
  std::uint64_t start = 1000;     ///< requests a second, where nothing is known yet
  unsigned trials = 3;            ///< of a rate at most
  bool accept_disturbed = false;  ///< else such a trial is repeated, twice at most
  Warnings warnings;              ///< go to every row
};

/// What was seen at one rate.
struct RateProbe {
  std::uint64_t rate = 0;
  unsigned kept = 0;
  unsigned broken = 0;
  std::vector<double> bound_us;  ///< of trials with figures: what the bound is of
  std::vector<double> answered;  ///< requests a second of those
  std::string failure;           ///< of the last trial without figures
};

struct RateCurve {
  CellSpec cell;
  std::string name;
  std::vector<RateProbe> probes;  ///< by rate
  std::optional<std::uint64_t> highest_kept;
  std::optional<std::uint64_t> lowest_broken;
  bool is_over = false;  ///< not interrupted, and supported
  std::string obstacle;  ///< why the cell cannot run here
};

/// A trial keeps the bound if it has figures, its requests were answered at the rate, and the bound
/// holds. `hooks` as for run_experiment(); may throw what save_row throws.
[[nodiscard]] std::vector<RateCurve> find_rates(const RatePlan& plan, const RunnerHooks& hooks,
                                                const std::atomic<bool>& stop);

/// The curve of each, and the rate that was found. Lines with ends.
[[nodiscard]] std::string format_curves(const std::vector<RateCurve>& curves,
                                        const LatencyBound& bound);

}  // namespace urb
