// The tables of counted instructions, and of single kernel operations: Markdown, empty when no cell
// has such figures.
#pragma once

#include <string>
#include <vector>

#include "report/cell.hpp"

namespace urb {

/// By kernel, and the change from the first kernel to the last.
[[nodiscard]] std::string instructions_table(const std::vector<Cell>& cells);
/// Whose instructions they are, on the newest kernel.
[[nodiscard]] std::string instruction_shares_table(const std::vector<Cell>& cells);
/// Of `micro-…` cells: time, CPU, submissions of one operation.
[[nodiscard]] std::string operations_table(const std::vector<Cell>& cells);

}  // namespace urb
