// Requested and achieved rate, latency from the plan and from the send: only with `--rate`.
#pragma once

#include "report/tables.hpp"

namespace urb {

/// Empty without cells that ran in the open loop.
[[nodiscard]] Report open_loop_table(const std::vector<Cell>& cells);

}  // namespace urb
