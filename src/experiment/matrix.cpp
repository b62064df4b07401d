// Combinations and a shuffle.
#include "experiment/matrix.hpp"

#include <numeric>
#include <random>
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

void shuffle(std::vector<std::size_t>& items, std::mt19937_64& random) {
  for (std::size_t left = items.size(); left > 1; --left) {
    std::swap(items[left - 1], items[random_below(random, left)]);
  }
}

}  // namespace

std::vector<CellSpec> make_cells(const Grid& grid) {
  std::vector<CellSpec> cells;
  for (const std::string& mode : grid.modes) {
    for (const Bytes body : grid.bodies) {
      for (const bool reuse : grid.reuses) cells.push_back({mode, body, reuse});
    }
  }
  return cells;
}

std::vector<TrialSpec> make_trials(const Grid& grid) {
  const std::vector<CellSpec> cells = make_cells(grid);
  std::mt19937_64 random{grid.seed};
  std::vector<std::size_t> round(cells.size());
  std::vector<TrialSpec> trials;
  trials.reserve(cells.size() * grid.repeats);
  for (unsigned repeat = 1; repeat <= grid.repeats; ++repeat) {
    std::iota(round.begin(), round.end(), std::size_t{0});
    shuffle(round, random);
    for (const std::size_t index : round) {
      trials.push_back({cells[index], index, repeat, trials.size() + 1});
    }
  }
  return trials;
}

}  // namespace urb
