// mkostemp, write, fsync, rename.
#include "process/whole_file.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "process/output_target.hpp"

namespace urb {
namespace {

constexpr const char* kChooseAnother = "choose another file, or a folder that can be written";

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

void write_descriptor(int descriptor, const std::string& text, const std::string& path) {
  if (descriptor == STDOUT_FILENO) {
    std::fflush(stdout);  // what was printed before comes before
    return write_all(descriptor, text, "to standard output");
  }
  write_all(descriptor, text, path);
}

// O_APPEND: another process' file may have been written to already.
void write_stream(const OutputTarget& target, const std::string& text) {
  const int raw = open(target.path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (raw < 0) throw SysError("open " + target.path, errno, kChooseAnother);
  const Fd file{Adopt{}, raw};
  write_all(file.get(), text, target.path);
}

// Not whole at every moment, but where nothing can be renamed there is no other way.
void write_in_place(const OutputTarget& target, const std::string& text) {
  const int raw = open(target.path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (raw < 0) throw SysError("open " + target.path, errno, kChooseAnother);
  const Fd file{Adopt{}, raw};
  write_all(file.get(), text, target.path);
  check(fsync(file.get()), "fsync");
}

// A file in another user's sticky folder, or one that a container mounts, cannot be replaced.
bool means_in_place(int error) noexcept {
  return error == EACCES || error == EPERM || error == EROFS || error == EBUSY;
}

/// A new file in the folder of its target, so that it can be renamed. Removed unless it was.
class Temporary {
 public:
  explicit Temporary(const OutputTarget& target)
      : name_{(std::filesystem::path{target.path}.parent_path() / ".uring-bench-XXXXXX").string()},
        raw_{mkostemp(name_.data(), O_CLOEXEC)},
        error_{errno} {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (raw_ >= 0) close(raw_);
    if (raw_ >= 0 && !is_renamed_) unlink(name_.c_str());
  }

  [[nodiscard]] bool is_made() const noexcept { return raw_ >= 0; }
  [[nodiscard]] int error() const noexcept { return error_; }
  [[nodiscard]] int get() const noexcept { return raw_; }
  /// False, and error() says why, when it could not take the target's place.
  [[nodiscard]] bool rename_to(const std::string& path) noexcept {
    is_renamed_ = rename(name_.c_str(), path.c_str()) == 0;
    error_ = errno;
    return is_renamed_;
  }

 private:
  std::string name_;
  int raw_;
  int error_;
  bool is_renamed_ = false;
};

// Those of the file whose place it takes, as far as this user may; else those of any new file.
void set_owner_and_mode(int file, const OutputTarget& target) {
  if (!target.exists) {
    const mode_t mask = umask(0);  // mkostemp's 0600 is for secrets; results are to be read
    umask(mask);
    check(fchmod(file, 0666 & ~mask), "fchmod");
    return;
  }
  struct stat old {};
  check(stat(target.path.c_str(), &old), "stat");
  // Another user's file becomes ours where only its folder is ours.
  if (fchown(file, old.st_uid, old.st_gid) != 0) {
    (void)!fchown(file, static_cast<uid_t>(-1), old.st_gid);
  }
  check(fchmod(file, old.st_mode & 07777), "fchmod");
}

void write_file(const OutputTarget& target, const std::string& text) {
  make_folders_above(target.path, kChooseAnother);
  Temporary temporary{target};
  if (!temporary.is_made()) {
    if (target.exists && means_in_place(temporary.error())) return write_in_place(target, text);
    throw SysError("create " + target.path, temporary.error(), kChooseAnother);
  }
  set_owner_and_mode(temporary.get(), target);
  write_all(temporary.get(), text, target.path);
  check(fsync(temporary.get()), "fsync");
  if (temporary.rename_to(target.path)) return;
  if (target.exists && means_in_place(temporary.error())) return write_in_place(target, text);
  throw SysError("rename to " + target.path, temporary.error(), kChooseAnother);
}

void require_access(const OutputTarget& target) {
  if (faccessat(AT_FDCWD, target.path.c_str(), W_OK, AT_EACCESS) == 0) return;
  throw SysError("write " + target.path, errno, kChooseAnother);
}

}  // namespace

void write_whole(const std::string& path, const std::string& text) {
  const OutputTarget target = find_target(path);
  switch (target.kind) {
    case OutputTarget::Kind::descriptor: return write_descriptor(target.descriptor, text, path);
    case OutputTarget::Kind::stream: return write_stream(target, text);
    case OutputTarget::Kind::file: break;
  }
  write_file(target, text);
}

void require_writable(const std::string& path) {
  const OutputTarget target = find_target(path);
  if (target.kind == OutputTarget::Kind::descriptor) {
    const int flags = fcntl(target.descriptor, F_GETFL);
    if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY) return;
    throw SysError("write " + path, EBADF, "is it open, and for writing?");
  }
  // A pipe is not opened for a try: its reader would take the close for the end.
  if (target.exists) require_access(target);
  if (target.kind == OutputTarget::Kind::stream) return;
  make_folders_above(target.path, kChooseAnother);
  const Temporary temporary{target};
  if (temporary.is_made() || (target.exists && means_in_place(temporary.error()))) return;
  throw SysError("create " + target.path, temporary.error(), kChooseAnother);
}

}  // namespace urb
