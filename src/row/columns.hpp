// What is known of each column: its section, its unit and its meaning. The list is columns.inc.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace urb {

/// What a column tells about. The first two say what was to be measured, the others what came out.
enum class RowSection : std::uint8_t {
  provenance,
  workload,
  rate,
  latency,
  client_cpu,
  server_cpu,   ///< as the kernel tells it of any process
  kernel_work,  ///< as only our own server's counters and rings tell it
  mechanism,    ///< what the server did, as only its counters tell it
  truth,        ///< whose the machine was
  memory,
  checks,
};
[[nodiscard]] std::string_view name_of(RowSection section) noexcept;

struct Unit {
  std::string_view name;
  bool is_time = false;  ///< or a rate by time: meaningless where the CPU is emulated
  bool operator==(const Unit&) const = default;
};

// Named as a list of columns writes them.
namespace units {
// NOLINTBEGIN(readability-identifier-naming)
inline constexpr Unit none{""};
inline constexpr Unit count{"count"};
inline constexpr Unit bytes{"B"};
inline constexpr Unit kilobytes{"KiB"};
inline constexpr Unit hertz{"Hz"};
inline constexpr Unit ratio{"ratio"};
inline constexpr Unit per_request{"1/req"};
inline constexpr Unit s{"s", true};
inline constexpr Unit us{"µs", true};
inline constexpr Unit us_per_request{"µs/req", true};
inline constexpr Unit s_per_gb{"s/GB", true};
inline constexpr Unit requests_per_s{"req/s", true};
inline constexpr Unit bytes_per_s{"B/s", true};
inline constexpr Unit gb_per_s{"GB/s", true};
inline constexpr Unit per_s{"1/s", true};
// NOLINTEND(readability-identifier-naming)
}  // namespace units

/// `number`, `flag` and `status` always have a value, the others may be unknown.
enum class FieldType : std::uint8_t { text, flag, number, count, figure, status };

struct Column {
  std::string_view name;
  RowSection section;
  Unit unit;
  FieldType type;
  std::string_view meaning;
  std::uint64_t schema;  ///< the first that has it

  /// Whether it holds a time that was measured. A rate that was asked for is none.
  [[nodiscard]] constexpr bool is_measured_time() const noexcept {
    return unit.is_time && section != RowSection::provenance && section != RowSection::workload;
  }
};

/// All columns, in their order.
inline constexpr std::array kColumns{
#define URB_COLUMN(schema, type, name, section, unit, meaning) \
  Column{#name, RowSection::section, units::unit, FieldType::type, meaning, schema},
#include "row/columns.inc"
};

/// The schema that this version writes: the newest of its columns'.
inline constexpr std::uint64_t kSchema = [] {
  std::uint64_t newest = 0;
  for (const Column& column : kColumns) newest = column.schema > newest ? column.schema : newest;
  return newest;
}();

/// The names of a schema's columns in their order, from 1 to kSchema.
[[nodiscard]] const std::vector<std::string>& column_names(std::uint64_t schema = kSchema);

}  // namespace urb
