// Where the rows of the commands that measure go.
#pragma once

#include <optional>
#include <string>

#include "cli/options.hpp"
#include "row/row_file.hpp"

namespace urb {

/// `--csv`, or the file of this kernel's results.
[[nodiscard]] std::string row_path(const Options& options);

/// The file at row_path(); none with `--no-save`. Throws as RowFile does.
[[nodiscard]] std::optional<RowFile> open_row_file(const Options& options);

}  // namespace urb
