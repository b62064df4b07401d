#include "row/row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "base/text.hpp"
#include "row/field_text.hpp"
#include "row/warnings.hpp"

namespace urb {
namespace {

// Calls `visit` with each column and its field, in the columns' order.
template <class R, class Visit>
void visit_columns(R& row, Visit&& visit) {
  std::size_t index = 0;
#define URB_COLUMN(schema, type, name, section, unit, meaning) \
  visit(kColumns.at(index++), row.name);
#include "row/columns.inc"
}

template <class T>
FieldValue to_value(const T& field) {
  return field;
}
FieldValue to_value(Status field) { return std::string{name_of(field)}; }
// No text is unknown, as in the CSV.
FieldValue to_value(const std::string& field) {
  return field.empty() ? FieldValue{} : FieldValue{field};
}
template <class T>
FieldValue to_value(const std::optional<T>& field) {
  return field ? FieldValue{*field} : FieldValue{};
}

}  // namespace

std::string_view name_of(Status status) noexcept {
  return kStatusNames.at(static_cast<std::size_t>(status));
}

bool is_disturbed(const Row& row) noexcept { return !row.disturbed.empty(); }

bool is_limited_by_client(const Row& row) {
  const std::vector<std::string> names = split_warnings(row.warnings);
  return row.bottleneck == "client" ||
         std::find(names.begin(), names.end(), name_of(Warning::client_busy)) != names.end();
}

bool are_limited_by_client(const std::vector<const Row*>& rows) {
  const auto limited = std::count_if(rows.begin(), rows.end(),
                                     [](const Row* row) { return is_limited_by_client(*row); });
  return 2 * static_cast<std::size_t>(limited) > rows.size();
}

void Row::clear(RowSection section) {
  visit_columns(*this, [&](const Column& column, auto& field) {
    if (column.section == section) field = {};
  });
}

void Row::clear_times() {
  visit_columns(*this, [](const Column& column, auto& field) {
    if (column.is_measured_time()) field = {};
  });
}

std::vector<std::string> format_row(const Row& row) {
  std::vector<std::string> fields;
  fields.reserve(kColumns.size());
  for (const FieldValue& value : values_of(row)) {
    fields.push_back(to_field_text(value));
  }
  return fields;
}

std::vector<FieldValue> values_of(const Row& row) {
  std::vector<FieldValue> values;
  values.reserve(kColumns.size());
  visit_columns(row, [&](const Column&, const auto& field) { values.push_back(to_value(field)); });
  return values;
}

void clean_texts(Row& row) {
  visit_columns(row, [](const Column&, auto& field) {
    if constexpr (std::is_same_v<std::decay_t<decltype(field)>, std::string>) {
      field = clean_text(field);
    }
  });
}

std::variant<Row, ParseError> parse_row(const std::vector<std::string>& fields,
                                        std::uint64_t schema) {
  const std::size_t expected = column_names(schema).size();
  if (fields.size() != expected) {
    return ParseError{fields.size(),
                      fmt::format("{} fields where {} are expected", fields.size(), expected)};
  }
  Row row;
  std::size_t index = 0;
  std::optional<ParseError> error;
  visit_columns(row, [&](const Column& column, auto& field) {
    if (column.schema > schema) return;
    std::string problem = from_field_text(fields[index], field);
    if (!problem.empty() && !error) {
      error = ParseError{index, fmt::format("{}: {}", column.name, problem)};
    }
    ++index;
  });
  if (error) return *std::move(error);
  // Until then `direct` had no other policy, whatever was asked for.
  if (schema < 3 && row.mode == "direct" && !row.policy.empty()) row.policy = "hash";
  return row;
}

std::string format_figure(double figure) {
  if (std::abs(figure) >= 1e5) return fmt::format("{:.0f}", figure);
  return fmt::format("{:.6g}", figure);
}

}  // namespace urb
