#include "compare/pairing.hpp"

#include <algorithm>

namespace urb {
namespace {

struct Trial {
  const Row* row;
  bool is_base;
};

}  // namespace

std::vector<TrialPair> neighbours_of(const std::vector<const Row*>& base,
                                     const std::vector<const Row*>& next) {
  std::vector<Trial> trials;
  for (const Row* const row : base) trials.push_back({row, true});
  for (const Row* const row : next) trials.push_back({row, false});
  for (const Trial& trial : trials) {
    if (trial.row->started_at.empty()) return {};
  }
  // Times in UTC of one format order as texts. Of a file and its copy, each is with its like.
  std::stable_sort(trials.begin(), trials.end(), [](const Trial& left, const Trial& right) {
    return left.row->started_at < right.row->started_at;
  });
  std::vector<TrialPair> pairs;
  for (std::size_t index = 0; index + 1 < trials.size();) {
    const Trial& first = trials[index];
    const Trial& second = trials[index + 1];
    if (first.is_base == second.is_base) {
      ++index;
      continue;
    }
    pairs.push_back(first.is_base ? TrialPair{first.row, second.row}
                                  : TrialPair{second.row, first.row});
    index += 2;
  }
  return pairs;
}

bool are_by_turns(std::size_t pairs, std::size_t trials_of_longer) noexcept {
  return pairs != 0 && 4 * pairs >= 3 * trials_of_longer;
}

}  // namespace urb
