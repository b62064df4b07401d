// Looks at the machine around a window, and what a row says of it then.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "experiment/disturbance.hpp"
#include "experiment/figures.hpp"
#include "row/row.hpp"

namespace urb {

class MachineWatch {
 public:
  /// `yardsticks` are the run's, and outlive the watch. Without them fill() leaves nothing of the
  /// machine in a row: where it is emulated, its times mean nothing.
  explicit MachineWatch(Yardsticks* yardsticks) noexcept : yardsticks_{yardsticks} {}

  /// Before the load: waits until the machine is steady, see Yardsticks::settle().
  void settle(const std::atomic<bool>& stop);
  /// Behind the load, once nothing of it runs any more.
  void look();
  /// Fills yardstick, length of the warm-up (`warmup` is the load's own) and disturbance. `use` is
  /// of the window between the samples; empty where it is not known who else ran.
  void fill(Row& row, const WindowSample& begin, const WindowSample& end,
            const std::optional<HostUse>& use, Nanos warmup) const;

  /// Whether something that shows a disturbance could not be read: a yardstick, or the others.
  [[nodiscard]] bool is_blind(bool knows_others) const noexcept;

 private:
  void measure(const std::function<double()>& yardstick);

  Yardsticks* yardsticks_;
  std::vector<double> rates_;
  Nanos settling_{0};
  bool has_failed_ = false;
};

}  // namespace urb
