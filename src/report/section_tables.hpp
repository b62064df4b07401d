// The tables of a report that a run's own end has not: its figures come from rows alone, and
// from many kernels. All texts are Markdown, with their line ends.
#pragma once

#include <string>
#include <vector>

#include "report/cell.hpp"
#include "report/collection.hpp"
#include "row/row.hpp"

namespace urb {

/// What a text from a file must not do in Markdown or HTML is escaped.
[[nodiscard]] std::string escape_markdown(std::string_view text);

/// Kernel, processor, emulator, build, method, when: a list.
[[nodiscard]] std::string context_list(const Section& section);
/// Throughput with its share of `direct`, and the trials' latencies.
[[nodiscard]] std::string trial_latency_table(const std::vector<Cell>& cells);
/// Of `micro-…` rows: time, CPU, submissions of one operation.
[[nodiscard]] std::string operations_table(const std::vector<Row>& rows);
/// Instructions by kernel, and the change from the first kernel to the last.
[[nodiscard]] std::string instructions_table(const std::vector<Row>& rows);
/// Whose instructions they are, on the newest kernel. Empty where rows do not say it.
[[nodiscard]] std::string instruction_shares_table(const std::vector<Row>& rows);
/// Trials without figures, by kernel and reason. Empty when there are none.
[[nodiscard]] std::string refusals_table(const std::vector<Row>& rows);
/// The warnings of rows with figures, with their remedies and how many rows have them.
[[nodiscard]] std::string warnings_list(const std::vector<Row>& rows);

}  // namespace urb
