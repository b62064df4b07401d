// Where the rows of the commands that measure go.
#pragma once

#include <optional>

#include "cli/options.hpp"
#include "probe/host.hpp"
#include "report/row_file.hpp"

namespace urb {

/// `--csv`, or the file of this kernel's results; none with `--no-save`. Throws as RowFile does.
[[nodiscard]] std::optional<RowFile> open_row_file(const Options& options, const Host& host);

}  // namespace urb
