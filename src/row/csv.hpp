// RFC 4180 text: records to lines and back. What the fields mean is row.hpp's matter.
//
// Lines end in LF, so that awk, cut and git see what they expect; the reader takes CRLF too.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/units.hpp"

namespace urb {

/// One record with its line end. Fields with a comma, a quote or a line break are quoted.
[[nodiscard]] std::string format_csv_record(std::span<const std::string> fields);

/// All records of a text; the error's position is an offset into it. A last line without a line
/// end is a record too; whether that is a torn write is the caller's question.
[[nodiscard]] std::variant<std::vector<std::vector<std::string>>, ParseError> parse_csv(
    std::string_view text);

}  // namespace urb
