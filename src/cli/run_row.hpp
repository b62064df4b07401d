// What of a run's options is a column of every row.
#pragma once

#include <optional>

#include "experiment/pinning.hpp"
#include "experiment/trial.hpp"
#include "probe/host.hpp"
#include "row/row.hpp"

namespace urb {

/// Fills what all rows of a run have alike, with a `run_id` of its own.
void fill_row(Row& row, const TrialSetup& setup, const Host& host,
              const std::optional<Pinning>& pinning);

}  // namespace urb
