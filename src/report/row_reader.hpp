// Reading a file of rows, whole. The writer is row_file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/row.hpp"

namespace urb {

/// All rows of the text of a CSV file called `name`. A last line without its line end was torn by
/// whatever ended the run, and is left out. Throws UsageError for anything that is not a file of
/// this version's rows, with the line.
[[nodiscard]] std::vector<Row> parse_rows(std::string_view text, const std::string& name);

/// The same for a file. Throws SysError when it cannot be read.
[[nodiscard]] std::vector<Row> read_rows(const std::string& path);

}  // namespace urb
