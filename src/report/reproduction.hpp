// The command that measures a cell again.
#pragma once

#include <string>

#include "report/collection.hpp"

namespace urb {

/// Quoted for a shell; empty for a cell of another program. Rows do not say all: the pinning is
/// `auto` where there was any.
[[nodiscard]] std::string command_of(const Cell& cell, const Setting& setting);

}  // namespace urb
