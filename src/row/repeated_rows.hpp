// The same row read twice: a file named twice, a copy of it, files joined. It is no further repeat.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "row/row.hpp"

namespace urb {

/// What one trial is known by: its run, its place in it, and its cell. Empty for a row that does
/// not say: another program's, which nothing tells from its like.
[[nodiscard]] std::string trial_key(const Row& row);

class SeenTrials {
 public:
  /// Takes those rows out of `rows` that were seen before, here or in an earlier call. How many.
  std::size_t drop_repeated(std::vector<Row>& rows);
  /// How many of `rows` were seen.
  [[nodiscard]] std::size_t count(const std::vector<Row>& rows) const;

 private:
  std::set<std::string> keys_;
};

/// "5 rows are there twice (the same run_id, trial_order and cell), and count once".
[[nodiscard]] std::string describe_repeated(std::size_t count);

}  // namespace urb
