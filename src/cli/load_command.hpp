// The options of `load`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/flags.hpp"
#include "cli/outputs.hpp"
#include "experiment/matrix.hpp"
#include "experiment/rate_search.hpp"
#include "experiment/runner.hpp"
#include "experiment/trial.hpp"

namespace urb {

struct LoadCommandOptions {
  std::vector<std::string> urls;  ///< as typed
  LoadOptions load;
  Grid grid{.repeats = 1};  ///< without subjects
  RoundRules rules;         ///< as typed; see settle_rules()
  bool has_precision = false;
  std::optional<LatencyBound> find_rate;
  ClientKind client = ClientKind::builtin;
  std::vector<int> server_pids;  ///< whose CPU time counts as the server's
  RowOutput rows;                ///< none, unless a file is named
  std::optional<std::string> json;
  bool quiet = false;
  std::vector<std::string> arguments;  ///< all, as typed
};

void declare_load_command(Flags& flags, LoadCommandOptions& options);

}  // namespace urb
