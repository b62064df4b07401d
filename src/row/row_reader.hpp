// Reading a file of rows, whole. The writer is row_file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "row/row.hpp"

namespace urb {

/// All rows of the text of a CSV file called `name`. The end of a line may be CRLF, and a byte
/// order mark may stand before the header, as spreadsheets write them. A last line without its line
/// end is a row when it has all fields of one; else whatever ended the run tore it: it is left out,
/// and `notes`, where given, gets a sentence. What an older schema has no column for is unknown.
/// Throws UsageError for anything that is not a file of rows up to this version's, with line and
/// column.
[[nodiscard]] std::vector<Row> parse_rows(std::string_view text, const std::string& name,
                                          std::vector<std::string>* notes = nullptr);

/// The same for a file. Throws SysError when it cannot be read.
[[nodiscard]] std::vector<Row> read_rows(const std::string& path,
                                         std::vector<std::string>* notes = nullptr);

/// What stands behind the last line end of a file of rows.
enum class TailKind : std::uint8_t { whole, torn, foreign };
/// `whole`: a header or a row that lacks its line end only; `torn`: the beginning of a row, as far
/// as one can tell; `foreign`: as many fields as a row has, but no row.
[[nodiscard]] TailKind classify_tail(std::string_view tail, std::uint64_t schema = kSchema);

/// The schema whose header `line` is, with or without its line end and byte order mark; 0 for none.
[[nodiscard]] std::uint64_t schema_of_header(std::string_view line);

}  // namespace urb
