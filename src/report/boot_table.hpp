// The same cells in several boots: how far their medians lie apart. A boot places memory and
// processes anew, which no number of repeats within one shows.
#pragma once

#include "report/tables.hpp"

namespace urb {

/// Of cells whose rows come from several boots; empty where none does. A row without boot_id has
/// none that is known, and is left out.
[[nodiscard]] Report boot_table(const std::vector<Cell>& cells);

}  // namespace urb
