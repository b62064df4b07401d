// A comparison as people read it: aligned for a terminal, or as Markdown.
#pragma once

#include <cstdint>
#include <string>

#include "compare/comparison.hpp"
#include "report/tables.hpp"

namespace urb {

enum class TableStyle : std::uint8_t { aligned, markdown };

/// One table a metric, then what was left out and what differs, then the regressions as warnings.
[[nodiscard]] Report make_comparison_report(const Comparison& comparison, TableStyle style);

/// "+5.2%", "-0.3%".
[[nodiscard]] std::string format_change(double ratio);

}  // namespace urb
