// The file of a command's rows.
#include "cli/row_output.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <utility>

#include "base/error.hpp"

namespace urb {

std::string row_path(const Options& options) {
  if (options.csv) return *options.csv;
  utsname names{};
  check(uname(&names), "uname");
  return fmt::format("results/{}.csv", names.release);
}

std::optional<RowFile> open_row_file(const Options& options) {
  if (!options.save) return std::nullopt;
  return std::optional<RowFile>{std::in_place, row_path(options)};
}

}  // namespace urb
