// mkstemp, write, fsync, rename.
#include "report/json_file.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "base/fd.hpp"

namespace urb {
namespace {

void write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t count = write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      throw SysError("write " + path, errno, errno == ENOSPC ? "free disk space" : "");
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

bool is_special(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error);
}

Fd open_special(const std::string& path) {
  const int raw = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (raw < 0)
    throw SysError("open " + path, errno, "choose another file, or a folder that can be written");
  return Fd{Adopt{}, raw};
}

struct Temporary {
  Fd file;
  std::string path;
};

// In the same folder, so that it can be renamed.
Temporary make_temporary(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path{path}.parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  std::string name = path + ".XXXXXX";
  const int raw = mkostemp(name.data(), O_CLOEXEC);
  if (raw < 0)
    throw SysError("create " + path, errno, "choose another file, or a folder that can be written");
  return {Fd{Adopt{}, raw}, std::move(name)};
}

}  // namespace

void write_whole(const std::string& path, const std::string& text) {
  if (path == "-") return write_all(STDOUT_FILENO, text, "standard output");
  // A pipe or a device, such as /dev/null, is written to, not replaced.
  if (is_special(path)) {
    const Fd file = open_special(path);
    return write_all(file.get(), text, path);
  }
  Temporary temporary = make_temporary(path);
  try {
    const mode_t mask = umask(0);  // mkostemp's 0600 is for secrets; results are to be read
    umask(mask);
    check(fchmod(temporary.file.get(), 0666 & ~mask), "fchmod");
    write_all(temporary.file.get(), text, path);
    check(fsync(temporary.file.get()), "fsync");
    if (rename(temporary.path.c_str(), path.c_str()) != 0) {
      throw SysError("rename to " + path, errno);
    }
  } catch (...) {
    unlink(temporary.path.c_str());
    throw;
  }
}

void require_writable(const std::string& path) {
  if (path == "-") return;
  if (is_special(path)) {
    (void)open_special(path);
    return;
  }
  unlink(make_temporary(path).path.c_str());
}

}  // namespace urb
