#include "experiment/machine_watch.hpp"

#include <stdexcept>

#include "base/clock.hpp"
#include "stats/summary.hpp"

namespace urb {

void MachineWatch::settle(const std::atomic<bool>& stop) {
  if (yardsticks_ == nullptr) return;
  const Nanos begin = monotonic_now();
  measure([&] { return yardsticks_->settle(stop); });
  settling_ = monotonic_now() - begin;
}

void MachineWatch::look() {
  if (yardsticks_ != nullptr) measure([this] { return yardsticks_->look(); });
}

// Without loopback or descriptors there is no yardstick, and still a trial.
void MachineWatch::measure(const std::function<double()>& yardstick) {
  try {
    rates_.push_back(yardstick());
  } catch (const std::runtime_error&) {
    has_failed_ = true;
  }
}

bool MachineWatch::is_blind(bool knows_others) const noexcept {
  return yardsticks_ != nullptr && (has_failed_ || !knows_others);
}

void MachineWatch::fill(Row& row, const WindowSample& begin, const WindowSample& end,
                        const std::optional<HostUse>& use, Nanos warmup) const {
  if (yardsticks_ == nullptr) {
    // But for the clocks of processes, which count what an emulator executes.
    const Row::Figure by_clocks = row.host_cpu_us_per_request;
    row.clear(RowSection::truth);
    row.host_cpu_us_per_request = by_clocks;
    return;
  }
  row.warmup_s = to_seconds(settling_ + warmup);
  if (!rates_.empty()) row.yardstick_gb_s = median_of(rates_);
  MachineState state{
      .use = use, .yardsticks = rates_, .run_median = yardsticks_->median(), .reported_kib = {}};
  if (begin.reported_kib && end.reported_kib) {
    state.reported_kib = *end.reported_kib - *begin.reported_kib;
  }
  row.disturbed = find_disturbance(state);
}

}  // namespace urb
