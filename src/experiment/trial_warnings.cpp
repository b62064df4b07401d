// What is doubtful about a trial that has figures.
#include <algorithm>

#include "experiment/figures.hpp"

namespace urb {

bool misses_rate(const Row& row, const LoadResult& load) {
  if (row.loop == "open" || load.missed == 0)
    return misses_rate(load.requests, row.rate_requested.value_or(0), to_seconds(load.elapsed));
  // Of random and of recorded arrivals a window may have more or fewer than the mean. So those that
  // were planned in it count. One in flight for each connection has no answer yet.
  const std::uint64_t late = load.missed - std::min<std::uint64_t>(load.missed, row.connections);
  return static_cast<double>(late) >
         (1 - kRateReached) * static_cast<double>(load.requests + load.missed);
}

Warnings find_trial_warnings(const Row& row, const LoadResult& load, const WindowSample& begin,
                             const WindowSample& end) {
  Warnings warnings;
  const double client_share = load.busiest_share.value_or(
      row.cpu_us_per_request_client.value_or(0) * row.requests_per_s.value_or(0) / 1e6);
  if (client_share >= kShareSaturated) warnings.insert(Warning::client_busy);
  if (load.requests < kRequestsFew || load.requests < kRequestsPerConnectionFew * row.connections)
    warnings.insert(Warning::few_requests);
  // Where instructions are counted, no time is told by ticks.
  const double ticks =
      to_seconds(load.elapsed) * static_cast<double>(row.cpus.value_or(0)) / kTickSeconds;
  if (row.cpus && ticks < kTicksFew && row.accelerator != "tcg")
    warnings.insert(Warning::short_window);
  if (load.latency.clipped_count() != 0) warnings.insert(Warning::latency_clipped);
  if (misses_rate(row, load)) warnings.insert(Warning::rate_not_reached);
  if (load.missing_closes != 0) warnings.insert(Warning::missing_closes);
  if (load.ignored_closes != 0) warnings.insert(Warning::ignored_closes);
  if (load.awaited_closes != 0) {
    const double wait_us =
        to_seconds(load.close_wait) * 1e6 / static_cast<double>(load.awaited_closes);
    if (wait_us > kCloseLateUs && wait_us > row.service_us_p50.value_or(0))
      warnings.insert(Warning::late_closes);
  }
  if (static_cast<double>(load.idle_closes) >
      kIdleClosesMany * static_cast<double>(load.total_requests)) {
    warnings.insert(Warning::idle_closes);
  }
  if (is_stall_long(load.stalled, load.elapsed)) warnings.insert(Warning::window_stalled);
  if (throttled_share(begin.cpu_periods, end.cpu_periods) > 0) {
    warnings.insert(Warning::cpu_throttled);
  }
  return warnings;
}

}  // namespace urb
