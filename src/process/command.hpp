// Other programs: found, started, and what they say.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"

namespace urb {

/// A file of this process' memory. Children inherit it and open it by its path; nothing is left
/// behind. Throws SysError, Unsupported where memfd_create(2) is refused.
class MemoryFile {
 public:
  explicit MemoryFile(const char* name);

  [[nodiscard]] int fd() const noexcept { return file_.get(); }
  /// For this process and its children.
  [[nodiscard]] std::string path() const;
  void write(std::string_view bytes) const;
  /// All of it from that byte on, wherever it was written or read last.
  [[nodiscard]] std::string read(std::size_t from = 0) const;

 private:
  Fd file_;
};

/// Where PATH has an executable of that name; empty where it has none.
[[nodiscard]] std::string find_program(std::string_view name);

/// What exec_program() returns where there is no such program.
inline constexpr int kNotFound = 127;
/// Becomes `command`, in a child: its first word is looked for on PATH, its standard output and
/// standard error go to these descriptors. Returns only where that fails.
[[nodiscard]] int exec_program(const std::vector<std::string>& command, int output, int errors);

}  // namespace urb
