// What makes the files of one kind of rows: columns by schema, and what a row's fields may be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"

namespace urb {

struct RecordKind {
  std::uint64_t schema;  ///< the newest, which is written
  /// The names of a schema's columns in their order, from 1 to `schema`.
  const std::vector<std::string>& (*columns)(std::uint64_t schema);
  /// Why a record is no row of a schema; nothing when it is one.
  std::optional<ParseError> (*find_problem)(const std::vector<std::string>& record,
                                            std::uint64_t schema);
  /// Completes the last field of a record that was cut in it; false where it is the begin of none.
  bool (*complete_last)(std::string& field);
  const char* remedy;        ///< "choose another file with --csv"
  std::string_view readers;  ///< who reads what older versions wrote: "report reads both"
};

}  // namespace urb
