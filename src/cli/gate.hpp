// `sweep --gate`: two kernels, or two builds of this program, profiled at once, and whether the
// second needs more instructions.
#pragma once

#include "cli/sweep_command.hpp"

namespace urb {

/// Profiles both side by side, each by a sweep in a process of its own, then prints the comparison.
/// Returns the exit code: 1 when a cell grew by more than the gate allows and by more than noise,
/// or is missing from the second. Without --output nothing is left behind. Throws UsageError,
/// Unsupported and SysError, before the first boot where it can.
[[nodiscard]] int run_gate(const SweepCommandOptions& options, const std::atomic<bool>& stop);

}  // namespace urb
