// Whether two files were measured by turns, and which trials of a cell are then pairs.
//
// The trials of a cell in both files, in the order of time, are walked through once. Two that
// follow each other and are of different files become a pair. One that is followed by another of
// its own file stays alone. The figures have no say in it.
#pragma once

#include <cstddef>
#include <vector>

#include "row/row.hpp"

namespace urb {

/// Neighbours in time.
struct TrialPair {
  const Row* base;
  const Row* next;
};

/// Of one cell. No pairs where a row does not know when it began.
[[nodiscard]] std::vector<TrialPair> neighbours_of(const std::vector<const Row*>& base,
                                                   const std::vector<const Row*>& next);

/// Whether so many pairs leave few trials alone: at least three of four of the longer side have a
/// partner. One block after the other has one pair.
[[nodiscard]] bool are_by_turns(std::size_t pairs, std::size_t trials_of_longer) noexcept;

}  // namespace urb
