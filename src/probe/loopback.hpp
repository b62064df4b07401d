// Whether this network namespace has a loopback that connects. Sandboxes often have none.
#pragma once

#include <string>

namespace urb {

/// What is wrong with the loopback device, and the remedy, found out by one connection over it.
/// Empty when the connection was made.
[[nodiscard]] std::string find_loopback_problem();
/// Throws Unsupported with that problem.
void require_loopback();
/// The same for a device that is not up, and for nothing else. What a firewall lets through to the
/// caller's own port is not known.
[[nodiscard]] std::string find_loopback_down();

}  // namespace urb
