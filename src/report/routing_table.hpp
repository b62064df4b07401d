// Who served what, where the requests carried keys: only with `--policy key`.
#pragma once

#include "report/tables.hpp"

namespace urb {

/// Empty without cells that know it.
[[nodiscard]] Report routing_table(const std::vector<Cell>& cells);

}  // namespace urb
