// The far side: the program as a client that takes its orders from standard input.
#pragma once

#include <functional>
#include <string>

#include "experiment/figures.hpp"

namespace urb {

struct AgentSetup {
  std::string version;
  std::string boot_id;
  HostScope scope;
  std::function<double()> yardstick;  ///< see Yardsticks
};

/// Speaks on `input` and `output` until `input` ends, which also ends a load under way. The exit
/// code. Throws SysError when it cannot speak.
[[nodiscard]] int run_client_agent(const AgentSetup& setup, int input, int output);

}  // namespace urb
