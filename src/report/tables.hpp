// Cells → the report that ends a run: ratios, the two tables of the study, then latency and CPU,
// then warnings. Pure text; where it goes and in which colour is console.hpp's matter.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/cell.hpp"
#include "report/cell_texts.hpp"

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
/// Below a table that leaves such trials out: disturbed_note(), if there is any.
void add_disturbed_note(Report& report, const std::vector<Cell>& cells);
[[nodiscard]] Report failures_and_warnings(const std::vector<Cell>& cells);

}  // namespace urb
