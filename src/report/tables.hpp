// Cells → the report that ends a run: the two tables of the study, then latency and CPU, then
// warnings. Pure text; where it goes and in which colour is console.hpp's matter.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "report/cell.hpp"

namespace urb {

struct Block {
  enum class Kind : std::uint8_t { heading, table, note, warning };
  Kind kind = Kind::note;
  std::string text;  ///< with its line end
};
using Report = std::vector<Block>;

/// `cells` in the order in which modes are to be listed; bodies are sorted here, largest first.
[[nodiscard]] Report make_report(const std::vector<Cell>& cells);

// Its parts.
[[nodiscard]] Report study_tables(const std::vector<Cell>& cells);
/// Whether the table of latencies repeats what study_tables() shows.
enum class RateColumn : std::uint8_t { hidden, shown };
[[nodiscard]] Report latency_table(const std::vector<Cell>& cells, RateColumn rate);
[[nodiscard]] Report cpu_table(const std::vector<Cell>& cells);
[[nodiscard]] Report kernel_work_table(const std::vector<Cell>& cells);
[[nodiscard]] Report failures_and_warnings(const std::vector<Cell>& cells);

// What tables share.

inline constexpr std::string_view kNoFigure = "–";

/// The cells that have figures, as the tables of details list them: reuse, body, mode.
[[nodiscard]] std::vector<const Cell*> cells_in_order(const std::vector<Cell>& cells);
/// The first three fields of their lines.
[[nodiscard]] std::vector<std::string> cell_names(const Cell& cell);
/// "374 ±5": as many decimals as give the median three digits, in both.
[[nodiscard]] std::string format_median(const MedianInterval& interval);
/// The same of a column; "–" when no trial knows it.
[[nodiscard]] std::string format_median_of(const Cell& cell, Row::Figure Row::*column);
/// Three digits or the whole part; "–" when unknown.
[[nodiscard]] std::string format_short(const Row::Figure& figure);
/// "10MB", "64kB", "1500B".
[[nodiscard]] std::string format_body(Bytes body);

}  // namespace urb
