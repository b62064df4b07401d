// When a run has measured enough: how wide the intervals are of what is compared. Pure arithmetic.
//
// What counts is the ratio to the reference within rounds, and where a cell is alone its median. Of
// requests/s where the client was not the limit and no rate was asked for, and of the CPU time of
// client and server per request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.hpp"
#include "report/cell.hpp"

namespace urb {

/// Cells that are compared with each other: those of one body and one reuse, or one operation of
/// `micro`.
struct GroupPrecision {
  enum class State : std::uint8_t {
    reached,   ///< all intervals are narrow enough
    open,      ///< not yet
    unjudged,  ///< no figure can be judged: trials failed, or the client was the limit
  };
  std::string name;  ///< "1MB no reuse", "micro-nop"
  Bytes body;
  bool reuse = false;
  State state = State::unjudged;
  std::size_t rounds = 0;  ///< of the cell that has fewest
  /// The largest distance of an interval's end from its median, by the median. None below
  /// kRepeatsEnough rounds.
  std::optional<double> deviation;
  std::string widest;              ///< what it is of: "socket, req/s"
  std::vector<std::size_t> cells;  ///< places of those that a further round measures
};

/// In the order of the cells. The reference of a group is the mode
/// that does not distribute, else its first cell. `precision` is a share: 0.05 is ±5 %.
[[nodiscard]] std::vector<GroupPrecision> judge_precision(const std::vector<Cell>& cells,
                                                          double precision);

}  // namespace urb
