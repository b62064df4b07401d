// The name of one run of the command.
#pragma once

#include <string>

namespace urb {

/// "20261123T153709Z-52b67e2f": unlike any other run's, also of the same second on another machine.
[[nodiscard]] std::string make_run_id();

}  // namespace urb
