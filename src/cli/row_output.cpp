// The file of a command's rows.
#include "cli/row_output.hpp"

#include <fmt/format.h>

#include <utility>

namespace urb {

std::optional<RowFile> open_row_file(const Options& options, const Host& host) {
  if (!options.save) return std::nullopt;
  return std::optional<RowFile>{std::in_place,
                                options.csv.value_or(fmt::format("results/{}.csv", host.kernel))};
}

}  // namespace urb
