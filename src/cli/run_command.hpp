// The options of `MODE…`, which `sweep` checks for its guests.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/flag_groups.hpp"
#include "cli/flags.hpp"
#include "cli/outputs.hpp"
#include "experiment/matrix.hpp"
#include "experiment/pinning.hpp"
#include "experiment/rate_search.hpp"
#include "experiment/runner.hpp"
#include "experiment/trial.hpp"
#include "report/console.hpp"

namespace urb {

struct RunOptions {
  std::vector<std::string> modes;  ///< as typed; not yet known to exist
  TrialSetup setup;                ///< without the columns of its row
  TlsFlags tls;
  bool has_relay = false;  ///< one relay was asked for
  Grid grid;               ///< without subjects and seed
  RoundRules rules;
  std::optional<LatencyBound> find_rate;
  PinRequest pin;
  std::vector<std::string> client_via;  ///< commands that bring clients elsewhere; none: here
  bool reference = true;                ///< runs the reference beside two or more other modes
  RowOutput rows;
  std::optional<std::string> json;
  bool quiet = false;
  ColorChoice color = ColorChoice::automatic;
  std::vector<std::string> arguments;  ///< all, as typed
};

void declare_run(Flags& flags, RunOptions& options);

}  // namespace urb
