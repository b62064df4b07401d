// Links and inodes, not spellings.
#include "cli/outputs.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstddef>
#include <utility>

#include "base/error.hpp"

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

}  // namespace

std::string RowOutput::path() const {
  if (csv) return *csv;
  utsname names{};
  check(uname(&names), "uname");
  return fmt::format("results/{}.csv", names.release);
}

std::optional<RowFile> RowOutput::open() const {
  if (!save) return std::nullopt;
  return std::optional<RowFile>{std::in_place, path()};
}

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

void settle_outputs(RowOutput* rows, std::optional<std::string>& json,
                    const std::vector<std::string>& read_paths) {
  std::vector<NamedTarget> written;
  if (rows != nullptr && rows->save) {
    if (rows->csv) {
      written.push_back(settle("--csv", *rows->csv));
    } else {
      std::string path = rows->path();
      written.push_back(settle("the file of rows", path));
    }
  }
  if (json) written.push_back(settle("--json", *json));
  refuse_same(written, targets_beside(read_paths));
}

void require_folder(const std::string& option, const std::string& path) {
  if (path.empty()) {
    throw UsageError(
        fmt::format("{}: an empty path names no folder (is a variable not set?)", option));
  }
}

}  // namespace urb
