#include "row/repeated_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "row/csv.hpp"

namespace urb {

std::string trial_key(const Row& row) {
  if (row.run_id.empty() || row.trial_order == 0) return "";
  // A sweep begins its count with each boot, so that kernel, guest and repeat belong to the place.
  std::vector<std::string> parts{row.run_id, fmt::format("{}", row.trial_order),
                                 fmt::format("{}", row.repeat), row.kernel, row.guest};
  const std::vector<std::string> fields = format_row(row);
  for (std::size_t index = 0; index < kColumns.size(); ++index) {
    if (kColumns.at(index).section == RowSection::workload) parts.push_back(fields[index]);
  }
  return format_csv_record(parts);
}

std::size_t SeenTrials::drop_repeated(std::vector<Row>& rows) {
  return std::erase_if(rows, [this](const Row& row) {
    const std::string key = trial_key(row);
    return !key.empty() && !keys_.insert(key).second;
  });
}

std::size_t SeenTrials::count(const std::vector<Row>& rows) const {
  return static_cast<std::size_t>(std::count_if(
      rows.begin(), rows.end(), [this](const Row& row) { return keys_.contains(trial_key(row)); }));
}

std::string describe_repeated(std::size_t count) {
  return fmt::format("{} {} there twice (the same run_id, trial_order and cell), and count{} once",
                     count, count == 1 ? "row is" : "rows are", count == 1 ? "s" : "");
}

}  // namespace urb
