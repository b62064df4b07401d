// Whether a trial had the machine to itself, and whether the machine was as fast as in the others.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/units.hpp"
#include "stats/host_books.hpp"

namespace urb {

/// Others may have this share of the CPUs' time, together with the hypervisor. An idle daemon or
/// two needs less than half of it.
inline constexpr double kOthersMax = 0.02;
/// A yardstick may differ by this from the median of its run. On a quiet machine 102 of 111
/// were within 2.5 %, and 109 within 5 %.
inline constexpr double kYardstickOffMax = 0.05;
/// The guest may give this many KiB back to its host in a window.
inline constexpr std::uint64_t kReportedKibMax = 16 * 1024;

/// The yardsticks of one run.
class Yardsticks {
 public:
  /// How long the machine may take to become steady before a trial, a guess: what a build has just
  /// freed is given back and comes again within seconds.
  static constexpr Nanos kPatience = std::chrono::milliseconds{500};

  /// `measure` gives 10^9 bytes a second, see measure_yardstick().
  explicit Yardsticks(std::function<double()> measure) : measure_{std::move(measure)} {}

  /// Measures until the last three differ by at most kYardstickOffMax among themselves and their
  /// median from that of the run, or until kPatience is over, or `stop`. Keeps and returns that
  /// median.
  double settle(const std::atomic<bool>& stop);
  /// Measures three times, keeps and returns their median.
  double look();
  /// Of all that were kept; 0 before the first.
  [[nodiscard]] double median() const;

 private:
  double keep(double rate);

  std::function<double()> measure_;
  std::vector<double> kept_;
};

/// What is known of a trial's machine.
struct MachineState {
  std::optional<HostUse> use;
  std::vector<double> yardsticks;             ///< before and behind the window
  double run_median = 0;                      ///< of the yardsticks; 0 where there are none
  std::optional<std::uint64_t> reported_kib;  ///< given back to the host in the window
};

/// Reasons, joined by ';': foreign, steal, yardstick, pages. Empty for a trial that counts.
[[nodiscard]] std::string find_disturbance(const MachineState& state);

}  // namespace urb
