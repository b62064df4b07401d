// The grid of cells and the order in which its trials run. Pure: a list from a list and a seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/units.hpp"

namespace urb {

struct Grid {
  std::vector<std::string> modes;
  std::vector<Bytes> bodies;
  std::vector<bool> reuses;
  unsigned repeats = 5;
  std::uint64_t seed = 1;
};

/// One point of the grid.
struct CellSpec {
  std::string mode;
  Bytes body;
  bool reuse = false;
  bool operator==(const CellSpec&) const = default;
};

/// One run of one cell.
struct TrialSpec {
  CellSpec cell;
  std::size_t cell_index = 0;  ///< in make_cells()
  unsigned repeat = 1;         ///< from 1
  std::size_t order = 1;       ///< place in the run, from 1
};

/// Every combination, by mode, then body, then reuse, as they were given.
[[nodiscard]] std::vector<CellSpec> make_cells(const Grid& grid);

/// Round by round: each repeat runs every cell once, in a random order of its own, so that a
/// drift of the machine spreads over all cells. The same seed gives the same order everywhere.
[[nodiscard]] std::vector<TrialSpec> make_trials(const Grid& grid);

}  // namespace urb
