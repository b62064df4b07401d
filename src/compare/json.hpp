// A comparison for programs: docs/schema/comparison.schema.json describes it.
#pragma once

#include <string>

#include "compare/comparison.hpp"

namespace urb {

/// With the line end. Ratios and shares are fractions (1.05: five percent more), never percent.
[[nodiscard]] std::string format_comparison_json(const Comparison& comparison);

}  // namespace urb
