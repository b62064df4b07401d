// Reading a file of rows, whole. The writer is row_file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "row/record_reader.hpp"
#include "row/row.hpp"

namespace urb {

/// All rows of the text of a CSV file called `name`, as parse_records() reads them. What an older
/// schema has no column for is unknown. Throws UsageError for anything that is not a file of rows
/// up to this version's, with line and column.
[[nodiscard]] std::vector<Row> parse_rows(std::string_view text, const std::string& name,
                                          std::vector<std::string>* notes = nullptr);

/// The same for a file. Throws SysError when it cannot be read.
[[nodiscard]] std::vector<Row> read_rows(const std::string& path,
                                         std::vector<std::string>* notes = nullptr);

/// The files of rows as a kind of files of records.
[[nodiscard]] const RecordKind& row_records() noexcept;

/// The schema of the rows whose header `line` is; 0 for none.
[[nodiscard]] std::uint64_t schema_of_header(std::string_view line);

}  // namespace urb
