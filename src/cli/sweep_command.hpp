// The options of `sweep`.
#pragma once

#include "cli/flags.hpp"
#include "sweep/sweep.hpp"

namespace urb {

struct SweepCommandOptions {
  SweepOptions sweep;
  bool quiet = false;
};

void declare_sweep(Flags& flags, SweepCommandOptions& options);

}  // namespace urb
