// The options of `load`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/flags.hpp"
#include "experiment/matrix.hpp"
#include "experiment/trial.hpp"
#include "report/console.hpp"

namespace urb {

struct LoadCommandOptions {
  std::string url;  ///< as typed
  LoadOptions load;
  Grid grid;  ///< bodies and reuses
  ClientKind client = ClientKind::builtin;
  std::vector<int> server_pids;  ///< whose CPU time counts as the server's
  std::optional<std::string> json;
  bool quiet = false;
  std::vector<std::string> arguments;  ///< all, as typed
};

void declare_load_command(Flags& flags, LoadCommandOptions& options);

}  // namespace urb
