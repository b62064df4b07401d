// The options of `sweep`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/flags.hpp"
#include "sweep/sweep.hpp"

namespace urb {

struct SweepCommandOptions {
  SweepOptions sweep;
  std::optional<std::string> folder;   ///< of the rows; by default that of SweepOptions
  std::optional<double> gate_percent;  ///< compare two kernels, and keep no rows
  std::vector<std::string> programs;   ///< of the gate: for both, or for each
  bool quiet = false;
};

void declare_sweep(Flags& flags, SweepCommandOptions& options);

}  // namespace urb
