// A walk along links that stops at the kernel's own: those of /proc/…/fd name open files.
#include "process/output_target.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/error.hpp"

namespace urb {
namespace {

namespace fs = std::filesystem;

constexpr int kLinksMax = 40;  // as the kernel's own limit, MAXSYMLINKS

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// The process of "/proc/PID/fd" or "/proc/PID/task/TID/fd"; empty for other folders.
std::string process_of(const fs::path& folder) {
  std::string process;
  std::size_t depth = 0;
  bool is_fd_folder = false;
  for (const fs::path& part : folder) {
    const std::string name = part.string();
    is_fd_folder = false;
    if (depth == 0 && name != "/") return "";
    if (depth == 1 && name != "proc") return "";
    if (depth == 2) process = name;
    if (depth == 3 && name != "fd" && name != "task") return "";
    if (depth == 4 && !is_number(name)) return "";
    if ((depth == 3 || depth == 5) && name == "fd") is_fd_folder = true;
    ++depth;
  }
  return is_fd_folder ? process : "";
}

// By its name alone, which holds where /dev or /proc is missing or has been damaged, too.
std::optional<int> descriptor_of(const fs::path& path) {
  const fs::path plain = path.lexically_normal();
  if (plain == "/dev/stdin") return STDIN_FILENO;
  if (plain == "/dev/stdout") return STDOUT_FILENO;
  if (plain == "/dev/stderr") return STDERR_FILENO;
  const std::string name = plain.filename().string();
  if (!is_number(name)) return std::nullopt;
  const fs::path folder = plain.parent_path();
  const std::string process = process_of(folder);
  if (folder != "/dev/fd" && process != "self" && process != "thread-self" &&
      process != std::to_string(getpid())) {
    return std::nullopt;
  }
  int number = -1;
  (void)std::from_chars(name.data(), name.data() + name.size(), number);  // -1 is not open either
  return number;
}

void note_status(OutputTarget& target, const struct stat& status) {
  target.exists = true;
  target.mode = status.st_mode;
  target.device = status.st_dev;
  target.inode = status.st_ino;
}

[[noreturn]] void refuse_folder(const std::string& path) {
  throw UsageError(fmt::format("{} is a folder (name a file in it)", path));
}

OutputTarget classify(const fs::path& path, const std::string& typed) {
  OutputTarget target;
  target.path = path.string();
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return target;  // whoever writes it says why it cannot
  note_status(target, status);
  if (S_ISDIR(status.st_mode)) refuse_folder(typed);
  if (S_ISSOCK(status.st_mode)) {
    throw UsageError(fmt::format("{} is a socket, which is no file (choose another path)", typed));
  }
  if (!S_ISREG(status.st_mode)) target.kind = OutputTarget::Kind::stream;
  return target;
}

}  // namespace

OutputTarget target_of(int descriptor) {
  OutputTarget target;
  target.kind = OutputTarget::Kind::descriptor;
  target.descriptor = descriptor;
  target.path = fmt::format("/dev/fd/{}", descriptor);
  struct stat status {};
  if (fstat(descriptor, &status) == 0) note_status(target, status);
  return target;
}

OutputTarget find_target(const std::string& typed) {
  if (typed == "-") return target_of(STDOUT_FILENO);
  if (typed.empty()) throw UsageError("an empty path names no file (is a variable not set?)");
  if (typed.ends_with('/')) refuse_folder(typed);
  fs::path path{typed};
  for (int links = 0; links < kLinksMax; ++links) {
    if (const auto descriptor = descriptor_of(path)) return target_of(*descriptor);
    const fs::path name = path.filename();
    if (name.empty() || name == "." || name == "..") refuse_folder(typed);
    std::error_code error;
    const fs::path folder =
        fs::weakly_canonical(path.has_parent_path() ? path.parent_path() : fs::path{"."}, error);
    if (!error) path = folder / name;
    if (const auto descriptor = descriptor_of(path)) return target_of(*descriptor);
    struct stat status {};
    const bool is_link = lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
    if (!is_link) return classify(path, typed);
    if (!process_of(folder).empty()) {  // what it names may be no path at all
      OutputTarget target = classify(path, typed);
      target.kind = OutputTarget::Kind::stream;
      return target;
    }
    const fs::path next = fs::read_symlink(path, error);
    if (error) throw SysError("read the link " + path.string(), error.value());
    path = next.is_absolute() ? next : path.parent_path() / next;
  }
  throw SysError("open " + typed, ELOOP, "choose another path");
}

bool are_same(const OutputTarget& left, const OutputTarget& right) noexcept {
  if (left.kind == OutputTarget::Kind::descriptor && left.descriptor == right.descriptor) {
    return true;
  }
  if (left.exists != right.exists) return false;
  if (!left.exists) return left.path == right.path;
  const bool keeps_bytes = S_ISREG(left.mode) || S_ISFIFO(left.mode);
  return keeps_bytes && left.device == right.device && left.inode == right.inode;
}

void make_folders_above(const std::string& path, const char* hint) {
  const fs::path folder = fs::path{path}.parent_path();
  std::error_code error;
  if (folder.empty() || fs::is_directory(folder, error)) return;
  fs::create_directories(folder, error);
  if (error) throw SysError("create the folder " + folder.string(), error.value(), hint);
}

}  // namespace urb
