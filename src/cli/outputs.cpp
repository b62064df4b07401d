// Links and inodes, not spellings.
#include "cli/outputs.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <optional>

#include "base/error.hpp"
#include "cli/row_output.hpp"

namespace urb {
namespace {

std::string name_of(const std::string& option, const std::string& path) {
  return path.empty() ? option : option + ' ' + path;
}

NamedTarget settle(const std::string& option, std::string& path) {
  try {
    NamedTarget named{name_of(option, path), find_target(path)};
    const bool is_stdout = named.target.kind == OutputTarget::Kind::descriptor &&
                           named.target.descriptor == STDOUT_FILENO;
    if (is_stdout) path = "-";
    return named;
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}: {}", option, error.what()));
  }
}

void require_folder(const std::string& option, const std::string& path) {
  if (path.empty()) {
    throw UsageError(
        fmt::format("{}: an empty path names no folder (is a variable not set?)", option));
  }
}

}  // namespace

void refuse_same(const std::vector<NamedTarget>& written, const std::vector<NamedTarget>& others) {
  const auto refuse = [](const NamedTarget& left, const NamedTarget& right) {
    throw UsageError(fmt::format("{} and {} are one file (name another for one of them)", left.name,
                                 right.name));
  };
  for (std::size_t index = 0; index < written.size(); ++index) {
    const NamedTarget& one = written[index];
    for (std::size_t before = 0; before < index; ++before) {
      if (are_same(written[before].target, one.target)) refuse(written[before], one);
    }
    // A descriptor was asked for by its number, whatever else goes there.
    if (one.target.kind == OutputTarget::Kind::descriptor) continue;
    for (const NamedTarget& other : others) {
      if (are_same(one.target, other.target)) refuse(one, other);
    }
  }
}

std::vector<NamedTarget> targets_beside(const std::vector<std::string>& read_paths) {
  std::vector<NamedTarget> targets;
  for (const std::string& path : read_paths) {
    // A file that cannot be read is not this function's matter.
    struct stat status {};
    if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    targets.push_back({"the input " + path, find_target(path)});
  }
  targets.push_back({"standard output", target_of(STDOUT_FILENO)});
  targets.push_back({"standard error", target_of(STDERR_FILENO)});
  return targets;
}

void settle_outputs(Options& options) {
  std::vector<NamedTarget> written;
  std::vector<std::string> read_paths;
  switch (options.command) {
    case Command::run:
    case Command::micro:
      if (!options.save) break;
      if (options.csv) {
        written.push_back(settle("--csv", *options.csv));
      } else {
        std::string path = row_path(options);
        written.push_back(settle("the file of rows", path));
      }
      break;
    case Command::compare:
      read_paths = {options.compare.base, options.compare.next};
      if (options.compare.json) written.push_back(settle("--json", *options.compare.json));
      break;
    case Command::report:
      if (options.report.folder) require_folder("--output", *options.report.folder);
      read_paths = options.report.files;
      break;
    case Command::sweep: require_folder("--output", options.sweep.folder); return;
    case Command::load: break;
    case Command::serve:
    case Command::doctor:
    case Command::list_modes:
    case Command::list_columns: return;
  }
  if (options.json) written.push_back(settle("--json", *options.json));
  refuse_same(written, targets_beside(read_paths));
}

}  // namespace urb
