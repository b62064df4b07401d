// What `load` measured, as a row: the columns of the CSV, without those that only the
// server could tell. Of its processes the CPU time and context switches are known, if it was said
// which they are.
#pragma once

#include <optional>
#include <string>

#include "experiment/ab_client.hpp"
#include "experiment/figures.hpp"
#include "experiment/machine_watch.hpp"
#include "experiment/trial.hpp"
#include "load/generator.hpp"
#include "row/row.hpp"

namespace urb {

struct LoadMeasurement {
  LoadResult result;
  WindowSample begin;
  WindowSample end;
  std::optional<AbLatency> ab;  ///< where that was the client
  std::string problem;          ///< ab's, when it has no figures
  Warnings warnings;            ///< of the server's processes
};

/// Without figures and with the reason when there were errors or no request. `row` has the columns
/// that all measurements share, and where in the run this one was. The warnings of a row without
/// figures are only that the rate was missed. `machine` has settled before and looked behind.
[[nodiscard]] TrialOutcome make_load_outcome(const LoadOptions& load, LoadMeasurement measured,
                                             Row row, const HostScope& scope,
                                             const MachineWatch& machine);

}  // namespace urb
