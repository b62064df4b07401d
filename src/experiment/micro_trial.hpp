// One trial of a kernel operation, as a row.
#pragma once

#include <atomic>

#include "experiment/machine_watch.hpp"
#include "experiment/matrix.hpp"
#include "experiment/trial.hpp"
#include "micro/micro.hpp"

namespace urb {

/// `common` has the columns that all trials share. `spec.cell.mode` is the operation's, with or
/// without `micro-`. Its CPU time is in the client's column: of one process, which is neither
/// master nor worker. Whose the machine was is known of warm-up and window together, and the peers
/// of an operation are this process' children. `yardsticks` may be null. Never throws for what goes
/// wrong: that becomes a row without figures.
[[nodiscard]] TrialOutcome run_micro_trial(const Row& common, const TrialSpec& spec,
                                           const MicroPlan& plan, const HostScope& scope,
                                           Yardsticks* yardsticks, const std::atomic<bool>& stop);

/// The cells of these operations, of all for none. They have neither body nor reuse.
[[nodiscard]] Grid make_micro_grid(std::vector<const Micro*> micros, unsigned repeats);

}  // namespace urb
