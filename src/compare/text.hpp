// A comparison as people read it: aligned for a terminal, or as Markdown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "compare/comparison.hpp"
#include "report/tables.hpp"

namespace urb {

enum class TableStyle : std::uint8_t { aligned, markdown };

/// The header first.
using TableLines = std::vector<std::vector<std::string>>;
/// The first `left_count` columns stand left, the others right.
[[nodiscard]] std::string render_lines(const TableLines& lines, std::size_t left_count,
                                       TableStyle style);

/// One table a metric, then what was left out and what differs, then the regressions as warnings.
[[nodiscard]] Report make_comparison_report(const Comparison& comparison, TableStyle style);

/// "+5.2%", "-0.3%".
[[nodiscard]] std::string format_change(double ratio);

}  // namespace urb
