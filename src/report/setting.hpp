// What else was the same for the trials of a table: the columns of the workload that make no cells
// of it.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "row/row.hpp"

namespace urb {

/// Columns and what they hold, in a fixed order. Columns that hold nothing are not in it.
using SettingValues = std::vector<std::pair<std::string, std::string>>;

/// Reads settings off rows. What another program's rows do not know is taken from most others, so
/// that it stands in one table with ours.
class SettingReader {
 public:
  explicit SettingReader(const std::vector<const Row*>& rows);
  [[nodiscard]] SettingValues values_of(const Row& row) const;

 private:
  std::map<std::size_t, std::string> usual_;  ///< by the column's place in a row
};

/// "4 workers, 4 connections, closed loop, responses of 100 bytes, client builtin, …".
[[nodiscard]] std::string title_of(const SettingValues& values);
/// Empty for a column that is not there.
[[nodiscard]] std::string value_of(const SettingValues& values, std::string_view column);

}  // namespace urb
