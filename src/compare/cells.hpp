// Rows grouped by what must be the same for two of them to be compared.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compare/comparison.hpp"
#include "row/row.hpp"

namespace urb {

/// The columns that make a cell, as texts, in a fixed order: those of cell_columns(), the last of
/// which is no column of the rows. It is the processor that a count was made on, since a count of
/// copied bytes is a property of it; empty for times.
using CellKey = std::vector<std::string>;
[[nodiscard]] const std::vector<std::string_view>& cell_columns();
[[nodiscard]] CellKey cell_key_of(const Row& row);

struct CellRows {
  CellKey key;
  std::vector<const Row*> rows;       ///< with figures
  std::vector<const Row*> disturbed;  ///< such rows, which are not among them
};

/// By mode, then body, then reuse: trials run in a random order. The rows outlive the result.
[[nodiscard]] std::vector<CellRows> group_by_cell(const std::vector<Row>& rows,
                                                  bool accepts_disturbed);
[[nodiscard]] const CellRows* find_cell(const std::vector<CellRows>& cells, const CellKey& key);

/// "socket 1MB reuse workers=2": mode, body and reuse always, and each other column in which the
/// cells of the two files differ among themselves.
class CellNames {
 public:
  CellNames(const std::vector<CellRows>& base, const std::vector<CellRows>& next);
  [[nodiscard]] std::string name_of(const CellKey& key) const;

 private:
  std::vector<bool> differs_;  ///< by column
};

/// "workers (4, 2), loop (closed, open)": the columns whose values the two files have none of in
/// common.
[[nodiscard]] std::string describe_disjoint(const std::vector<CellRows>& base,
                                            const std::vector<CellRows>& next);

}  // namespace urb
