// Optimal string alignment distance, over three rows of its table.
#include "base/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace urb {

std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row_before_last(right.size() + 1);
  std::vector<std::size_t> last_row(right.size() + 1);
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    std::swap(row_before_last, last_row);
    std::swap(last_row, row);
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t change = left[i - 1] == right[j - 1] ? 0 : 1;
      row[j] = std::min({last_row[j] + 1, row[j - 1] + 1, last_row[j - 1] + change});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
        row[j] = std::min(row[j], row_before_last[j - 2] + 1);
      }
    }
  }
  return row[right.size()];
}

std::string_view nearest_name(std::string_view typed, std::span<const std::string_view> names) {
  std::string_view nearest;
  // A third of the letters: beyond it, the suggestion would be a riddle of its own.
  std::size_t distance_max = std::max<std::size_t>(2, typed.size() / 3);
  for (const std::string_view name : names) {
    const std::size_t distance = edit_distance(typed, name);
    if (distance > distance_max || (distance == distance_max && !nearest.empty())) continue;
    if (distance >= name.size()) continue;  // nothing of it is left
    nearest = name;
    distance_max = distance;
  }
  return nearest;
}

std::string describe_unknown(std::string_view kind, std::string_view typed,
                             std::span<const std::string_view> names) {
  const std::string_view nearest = nearest_name(typed, names);
  if (nearest.empty()) return fmt::format("unknown {} {}", kind, typed);
  return fmt::format("unknown {} {}, did you mean {}?", kind, typed, nearest);
}

void throw_unknown(std::string_view kind, std::string_view typed,
                   std::span<const std::string_view> names, std::string_view where) {
  std::string text = describe_unknown(kind, typed, names);
  if (!text.ends_with('?')) text += fmt::format(" ({})", where);
  throw UsageError(text);
}

}  // namespace urb
