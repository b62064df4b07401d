// One trial as one line of the CSV file. A field has the name of its column, see columns.inc.
//
// Only rows with status ok carry figures. The others say in `warnings` why they have none. An
// unknown value is an empty field.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "base/units.hpp"
#include "row/columns.hpp"

namespace urb {

enum class Status : std::uint8_t { ok, unsupported, failed, panic, timeout };
inline constexpr std::array<std::string_view, 5> kStatusNames{"ok", "unsupported", "failed",
                                                              "panic", "timeout"};
[[nodiscard]] std::string_view name_of(Status status) noexcept;

/// Counts up when a change of the tool makes older rows incomparable.
inline constexpr std::uint64_t kMethod = 3;

/// What a field of each FieldType is, in their order.
using FieldTypes = std::tuple<std::string, bool, std::uint64_t, std::optional<std::uint64_t>,
                              std::optional<double>, Status>;
template <FieldType type>
using Field = std::tuple_element_t<static_cast<std::size_t>(type), FieldTypes>;

struct Row {
  using Figure = Field<FieldType::figure>;
  using Count = Field<FieldType::count>;

#define URB_COLUMN(schema, type, name, section, unit, meaning) Field<FieldType::type> name{};
#include "row/columns.inc"

  Row() {
    schema = kSchema;
    method = kMethod;
  }
  /// Makes every column of a section unknown: what cannot be said of this row.
  void clear(RowSection section);
  /// The same of every time that was measured: those of an emulator say nothing.
  void clear_times();
};

/// Whether something else had a share of the machine in the trial's measured time.
[[nodiscard]] bool is_disturbed(const Row& row) noexcept;

/// Whether the client and not the server set the pace: requests per second are then the client's.
[[nodiscard]] bool is_limited_by_client(const Row& row);
/// The same of most of the trials of a cell: it is then told as a lower bound, and never held
/// against another.
[[nodiscard]] bool are_limited_by_client(const std::vector<const Row*>& rows);

/// A row as the texts of its fields, in the order of the columns.
[[nodiscard]] std::vector<std::string> format_row(const Row& row);
/// The inverse, also of an older schema, whose rows do not know the newer columns. The error's
/// position is the index of the field. Figures are finite and not below zero.
[[nodiscard]] std::variant<Row, ParseError> parse_row(const std::vector<std::string>& fields,
                                                      std::uint64_t schema = kSchema);
/// Makes its texts fit for pages and terminals, as clean_text() does.
void clean_texts(Row& row);

/// A field as it is: empty, text, yes or no, a count, a figure.
using FieldValue = std::variant<std::monostate, std::string, bool, std::uint64_t, double>;
/// A row as values, in the order of the columns.
[[nodiscard]] std::vector<FieldValue> values_of(const Row& row);

/// At most 6 significant digits, or the whole part where it has more; never an exponent for
/// figures from 0.0001 up.
[[nodiscard]] std::string format_figure(double figure);

}  // namespace urb
