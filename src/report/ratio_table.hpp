// What each mode makes and costs by the reference, within rounds: what holds best of a run.
#pragma once

#include "report/tables.hpp"

namespace urb {

/// Empty where no cell shared a round with the reference.
[[nodiscard]] Report ratio_table(const std::vector<Cell>& cells);

}  // namespace urb
