// The files that a command is about to write, looked at before it does anything.
#pragma once

#include <string>
#include <vector>

#include "cli/options.hpp"
#include "process/output_target.hpp"

namespace urb {

/// A file and the name that an error calls it by.
struct NamedTarget {
  std::string name;  ///< "--json out.json"
  OutputTarget target;
};

/// Throws UsageError when one of `written` is another of them, or one of `others`: whichever came
/// last would take the other's place.
void refuse_same(const std::vector<NamedTarget>& written, const std::vector<NamedTarget>& others);

/// Files that are read, and what standard output and standard error are redirected to.
[[nodiscard]] std::vector<NamedTarget> targets_beside(const std::vector<std::string>& read_paths);

/// Makes "-" of every path to standard output, and refuses what a command of these options could
/// not write at its end: empty paths, folders, one path for two files. Throws UsageError.
void settle_outputs(Options& options);

}  // namespace urb
