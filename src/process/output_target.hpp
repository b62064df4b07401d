// What a path that is written to leads to: a file, a stream, or a descriptor of this process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace urb {

struct OutputTarget {
  enum class Kind : std::uint8_t {
    file,       ///< a regular one, or one that does not exist yet: may be replaced
    stream,     ///< a pipe, a device, a descriptor of another process: opened and written
    descriptor  ///< of this process: "-", /dev/stdout, /dev/fd/3; written as it is
  };

  Kind kind = Kind::file;
  std::string path;     ///< links are followed, so that what is replaced is no link
  int descriptor = -1;  ///< of Kind::descriptor
  bool exists = false;
  mode_t mode = 0;  ///< type and permissions of what exists, as in the next two
  dev_t device = 0;
  ino_t inode = 0;
};

/// Follows the links of `path`; "-" is standard output. Throws UsageError for what can be no file:
/// an empty path, a folder, a socket; SysError for links without an end.
[[nodiscard]] OutputTarget find_target(const std::string& path);

/// What a descriptor of this process is: standard output, say.
[[nodiscard]] OutputTarget target_of(int descriptor);

/// Whether what is written to one ends up in the other. Devices do not count: they keep nothing.
[[nodiscard]] bool are_same(const OutputTarget& left, const OutputTarget& right) noexcept;

/// Makes the folders above `path`. Throws SysError with the cause, and `hint` as the remedy.
void make_folders_above(const std::string& path, const char* hint);

}  // namespace urb
