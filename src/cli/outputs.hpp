// The files that a command is about to write, looked at before it does anything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "process/output_target.hpp"
#include "row/row_file.hpp"

namespace urb {

/// Where the rows of a command that measures go.
struct RowOutput {
  std::optional<std::string> csv;
  bool save = true;

  /// `--csv`, or the file of this kernel's results.
  [[nodiscard]] std::string path() const;
  /// The file of that path; none with `--no-save`. Throws as RowFile does.
  [[nodiscard]] std::optional<RowFile> open() const;
  [[nodiscard]] bool is_stdout() const { return save && csv == "-"; }
};

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

/// Makes "-" of every path to standard output, and refuses what a command could not write at its
/// end: empty paths, folders, one path for two files. `rows` may be null. Throws UsageError.
void settle_outputs(RowOutput* rows, std::optional<std::string>& json,
                    const std::vector<std::string>& read_paths = {});

/// Throws UsageError for an empty path.
void require_folder(const std::string& option, const std::string& path);

}  // namespace urb
