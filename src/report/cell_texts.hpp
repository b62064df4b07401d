// Figures of a cell as the texts that tables print.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/cell.hpp"

namespace urb {

inline constexpr std::string_view kNoFigure = "–";

/// The cells that have figures, as the tables of details list them: reuse, body, mode.
[[nodiscard]] std::vector<const Cell*> cells_in_order(const std::vector<Cell>& cells);
/// The first three fields of their lines.
[[nodiscard]] std::vector<std::string> cell_names(const Cell& cell);
/// "socket 1MB reuse", in a sentence.
[[nodiscard]] std::string name_in_text(const Cell& cell);
/// "374 (370–380)": the interval from low to high; as many decimals as give the median three
/// digits, in all. One sample has no interval.
[[nodiscard]] std::string format_median(const MedianInterval& interval);
/// The same with the three digits that a ratio near 1 needs: "1.02 (0.98–1.05)".
[[nodiscard]] std::string format_ratio(const MedianInterval& interval);
/// The same of a column; "–" when no trial knows it.
[[nodiscard]] std::string format_median_of(const Cell& cell, Row::Figure Row::*column);
[[nodiscard]] std::string format_median_of(const Cell& cell, const Metric& metric);
/// Requests per second: behind "≥ " where they are the client's.
[[nodiscard]] std::string format_rate_of(const Cell& cell);
/// Three digits or the whole part; "–" when unknown.
[[nodiscard]] std::string format_short(const Row::Figure& figure);
/// "10MB", "64kB", "1500B".
[[nodiscard]] std::string format_body(Bytes body);

/// "3 of 20 trials were disturbed (foreign 2, yardstick 1) and are left out.", and which cells have
/// no others; empty without any.
[[nodiscard]] std::string disturbed_note(const std::vector<Cell>& cells);

}  // namespace urb
