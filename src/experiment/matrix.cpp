// Combinations and a shuffle.
#include "experiment/matrix.hpp"

#include <utility>

namespace urb {
namespace {

// Uniform below `bound` (> 0). Not std::uniform_int_distribution, and below not std::shuffle:
// their results differ between standard libraries, and a seed is part of every row.
std::size_t random_below(std::mt19937_64& random, std::size_t bound) {
  const std::uint64_t excess = (std::mt19937_64::max() % bound + 1) % bound;
  std::uint64_t value = random();
  // The topmost `excess` values would favour small results.
  while (value > std::mt19937_64::max() - excess) value = random();
  return static_cast<std::size_t>(value % bound);
}

}  // namespace

std::vector<CellSpec> make_cells(const Grid& grid) {
  std::vector<CellSpec> cells;
  for (const Subject& subject : grid.subjects) {
    for (const Bytes body : grid.bodies) {
      for (const bool reuse : grid.reuses) cells.push_back({subject, body, reuse});
    }
    for (const BodyMix& mix : grid.mixes) {
      for (const bool reuse : grid.reuses) {
        cells.push_back({subject, mean_body(mix), reuse, mix});
      }
    }
  }
  return cells;
}

std::vector<std::size_t> RoundOrder::next(std::vector<std::size_t> cells) {
  for (std::size_t left = cells.size(); left > 1; --left) {
    std::swap(cells[left - 1], cells[random_below(random_, left)]);
  }
  return cells;
}

}  // namespace urb
