// Keys and their names.
#include "compare/cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "report/guest.hpp"
#include "report/tables.hpp"

namespace urb {
namespace {

// In the order of cell_columns(), which the names are made from.
enum Lead : std::size_t { kMode, kBody, kReuse, kFirstFurther };

std::set<std::string> values_of(const std::vector<CellRows>& cells, std::size_t column) {
  std::set<std::string> values;
  for (const CellRows& cell : cells) values.insert(cell.key[column]);
  return values;
}

std::string join(const std::set<std::string>& values) {
  std::string text;
  for (const std::string& value : values) {
    text += fmt::format("{}{}", text.empty() ? "" : " ", value.empty() ? "none" : value);
  }
  return text;
}

bool is_lead(std::size_t place) noexcept {
  const std::string_view name = kColumns.at(place).name;
  return name == "mode" || name == "body_bytes" || name == "reuse";
}

const Row& first_of(const CellRows& cell) {
  return cell.rows.empty() ? *cell.disturbed.front() : *cell.rows.front();
}

// Where in a row the columns of cell_columns() are: those of the workload, led by three.
const std::vector<std::size_t>& cell_places() {
  static const std::vector<std::size_t> places = [] {
    std::vector<std::size_t> found;
    for (std::size_t place = 0; place < kColumns.size(); ++place) {
      if (kColumns.at(place).section == RowSection::workload) found.push_back(place);
    }
    std::stable_partition(found.begin(), found.end(), is_lead);
    return found;
  }();
  return places;
}

}  // namespace

const std::vector<std::string_view>& cell_columns() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> found;
    for (const std::size_t place : cell_places()) found.push_back(kColumns.at(place).name);
    found.push_back("counted on");
    return found;
  }();
  return names;
}

CellKey cell_key_of(const Row& row) {
  const std::vector<std::string> fields = format_row(row);
  CellKey key;
  for (const std::size_t place : cell_places()) key.push_back(fields.at(place));
  key.push_back(row.accelerator == "tcg" ? guest_field(row, "cpu") : "");
  return key;
}

std::vector<CellRows> group_by_cell(const std::vector<Row>& rows, bool accepts_disturbed) {
  std::vector<CellRows> cells;
  for (const Row& row : rows) {
    if (row.status != Status::ok) continue;
    CellKey key = cell_key_of(row);
    const auto same = std::find_if(cells.begin(), cells.end(),
                                   [&key](const CellRows& cell) { return cell.key == key; });
    CellRows& cell =
        same != cells.end() ? *same : cells.emplace_back(CellRows{std::move(key), {}, {}});
    (is_disturbed(row) && !accepts_disturbed ? cell.disturbed : cell.rows).push_back(&row);
  }
  std::sort(cells.begin(), cells.end(), [](const CellRows& left, const CellRows& right) {
    const Row& first = first_of(left);
    const Row& second = first_of(right);
    if (first.mode != second.mode) return first.mode < second.mode;
    if (first.body_bytes != second.body_bytes) return first.body_bytes < second.body_bytes;
    return left.key < right.key;
  });
  return cells;
}

const CellRows* find_cell(const std::vector<CellRows>& cells, const CellKey& key) {
  const auto found = std::find_if(cells.begin(), cells.end(),
                                  [&key](const CellRows& cell) { return cell.key == key; });
  return found == cells.end() ? nullptr : &*found;
}

CellNames::CellNames(const std::vector<CellRows>& base, const std::vector<CellRows>& next) {
  for (std::size_t column = 0; column < cell_columns().size(); ++column) {
    std::set<std::string> values = values_of(base, column);
    values.merge(values_of(next, column));
    differs_.push_back(values.size() > 1);
  }
}

std::string CellNames::name_of(const CellKey& key) const {
  const std::uint64_t body = std::stoull(key[kBody]);
  std::string name = fmt::format("{} {} {}", key[kMode], format_body(Bytes{body}),
                                 key[kReuse] == "yes" ? "reuse" : "no reuse");
  for (std::size_t column = kFirstFurther; column < key.size(); ++column) {
    if (!differs_[column] || key[column].empty()) continue;
    name += fmt::format(" {}={}", cell_columns()[column], key[column]);
  }
  return name;
}

std::string describe_disjoint(const std::vector<CellRows>& base,
                              const std::vector<CellRows>& next) {
  std::string text;
  for (std::size_t column = 0; column < cell_columns().size(); ++column) {
    const std::set<std::string> before = values_of(base, column);
    const std::set<std::string> after = values_of(next, column);
    const bool has_common = std::any_of(before.begin(), before.end(), [&after](const auto& value) {
      return after.count(value) != 0;
    });
    if (has_common) continue;
    text += fmt::format("{}{} ({} and {})", text.empty() ? "" : ", ", cell_columns()[column],
                        join(before), join(after));
  }
  return text;
}

}  // namespace urb
