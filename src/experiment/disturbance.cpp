#include "experiment/disturbance.hpp"

#include <algorithm>
#include <cmath>

#include "base/clock.hpp"
#include "stats/summary.hpp"

namespace urb {
namespace {

constexpr std::size_t kInARow = 3;
constexpr double kStealStep = 0.0101;  // seconds: a tick of 10 ms, and what rounding adds

bool is_off(double rate, double from) { return std::abs(rate / from - 1) > kYardstickOffMax; }

void add_reason(std::string& reasons, std::string_view reason) {
  if (!reasons.empty()) reasons += ';';
  reasons += reason;
}

}  // namespace

double Yardsticks::keep(double rate) {
  kept_.push_back(rate);
  return rate;
}

double Yardsticks::median() const { return kept_.empty() ? 0 : median_of(kept_); }

double Yardsticks::look() {
  std::vector<double> rates;
  while (rates.size() < kInARow) rates.push_back(measure_());
  return keep(median_of(rates));
}

double Yardsticks::settle(const std::atomic<bool>& stop) {
  const Nanos limit = monotonic_now() + kPatience;
  std::vector<double> last;
  while (true) {
    last.push_back(measure_());
    if (last.size() > kInARow) last.erase(last.begin());
    if (last.size() == kInARow) {
      const auto [low, high] = std::minmax_element(last.begin(), last.end());
      const bool agrees = kept_.empty() || !is_off(median_of(last), median());
      if ((agrees && !is_off(*high, *low)) || monotonic_now() >= limit) break;
    }
    if (stop.load()) break;
  }
  return keep(median_of(last));
}

std::string find_disturbance(const MachineState& state) {
  std::string reasons;
  if (state.use) {
    const double foreign = state.use->share(state.use->foreign_s);
    // One step of the books may be next to nothing.
    const bool is_more = state.use->steal_s > kStealStep;
    const double steal = is_more ? state.use->share(state.use->steal_s) : 0;
    if (foreign + steal > kOthersMax) {
      // Where neither would be enough alone, the larger is the reason.
      if (foreign > kOthersMax || foreign >= steal) add_reason(reasons, "foreign");
      if (steal > kOthersMax || steal > foreign) add_reason(reasons, "steal");
    }
  }
  const bool is_yardstick_off =
      state.run_median > 0 &&
      std::any_of(state.yardsticks.begin(), state.yardsticks.end(),
                  [&state](double rate) { return is_off(rate, state.run_median); });
  if (is_yardstick_off) add_reason(reasons, "yardstick");
  if (state.reported_kib.value_or(0) > kReportedKibMax) add_reason(reasons, "pages");
  return reasons;
}

}  // namespace urb
