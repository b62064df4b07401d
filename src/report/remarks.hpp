// What a reader must know beside the figures of a report: trials without any, and warnings.
#pragma once

#include <string>
#include <vector>

#include "row/row.hpp"

namespace urb {

/// Trials without figures, by kernel and reason: Markdown. Empty when there are none.
[[nodiscard]] std::string refusals_table(const std::vector<Row>& rows);
/// The warnings of rows with figures, with their remedies and how many rows have them: Markdown.
[[nodiscard]] std::string warnings_list(const std::vector<Row>& rows);

struct WarningCount {
  std::string name;
  std::size_t rows = 0;
};
/// By name. Of rows with figures: the others say in the same column why they have none.
[[nodiscard]] std::vector<WarningCount> count_warnings(const std::vector<Row>& rows);

}  // namespace urb
