// The host and the build: in words for the head of a run and for `doctor`, as columns for rows.
#pragma once

#include <functional>
#include <string>

#include "experiment/figures.hpp"
#include "probe/host.hpp"
#include "row/row.hpp"

namespace urb {

/// "uring-bench 0.1.0+3fad177 on Linux 6.18.1, 2 CPUs (…), kvm".
[[nodiscard]] std::string format_host_line(const Host& host);
/// The columns that say with what and on what a row was measured.
void fill_host(Row& row, const Host& host);
/// The CPUs that this process may use now, and how this kernel books interrupts.
[[nodiscard]] HostScope scope_of(const Host& host);
/// What the yardsticks of a run measure with: two of the CPUs that this process may use now.
[[nodiscard]] std::function<double()> yardstick_here();
/// this_build(), with what only the version knows.
[[nodiscard]] Build running_build();

}  // namespace urb
