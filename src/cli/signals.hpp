// SIGINT, SIGTERM and SIGHUP as something to ask for, for the commands that end early on them.
#pragma once

#include <atomic>

#include "base/fd.hpp"

namespace urb {

/// From here on the first SIGINT or SIGTERM sets the flag that is returned, and the second ends
/// the process at once (its servers die with it). SIGHUP sets the flag too, as often as it comes,
/// unless it was ignored at the start (nohup). For code that polls.
const std::atomic<bool>& stop_on_signal();

/// A descriptor that becomes readable on these signals, which are blocked from here on. Call
/// it after the last fork: children would inherit the blocked signals. For code that sleeps.
[[nodiscard]] Fd make_signal_fd();
/// Takes one signal off a readable make_signal_fd(), and says which.
int take_signal(int signal_fd);

}  // namespace urb
