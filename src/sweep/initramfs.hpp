// What a guest finds when it has booted: this program as /init, what it shall run, and modules.
#pragma once

#include <string>
#include <vector>

#include "sweep/kernel_image.hpp"

namespace urb {

/// A file of the guest besides the program.
struct GuestFile {
  std::string path;  ///< absolute; not below what the guest mounts, such as /tmp
  std::string bytes;
  bool is_executable = false;
};

/// What a guest does, from outside its kernel.
struct GuestTask {
  /// Command lines of this program without its name, one after the other.
  std::vector<std::vector<std::string>> runs;
  /// To wait before the first, in seconds: until the kernel has finished its start. In virtual time
  /// that costs nothing, and different values put the runs at different distances from its timers.
  unsigned settle_s = 1;
  bool counts_instructions = false;
  bool sends_symbols = false;            ///< of its kernel's functions, behind the last run
  std::vector<std::string> environment;  ///< "NAME=VALUE", of all runs
  std::vector<GuestFile> files;          ///< for the runs to read
  std::string program;                   ///< the bytes of another program than this one
};

/// Where the guest finds its task; a process with number 1 that has such a file is a guest.
inline constexpr const char* kTaskPath = "/uring-bench-guest";
/// Set for the runs of a guest whose clock counts instructions.
inline constexpr const char* kCountVariable = "URB_GUEST_COUNTS";

/// This program's file, which is the guest's too.
[[nodiscard]] std::string read_own_program();

/// Throws Unsupported when the program is not static, SysError for a module that cannot be read.
[[nodiscard]] std::string make_initramfs(const KernelImage& kernel, const GuestTask& task);

// The task as text, and back.
[[nodiscard]] std::string format_task(const GuestTask& task);
[[nodiscard]] GuestTask parse_task(const std::string& text);

/// Whether an ELF program needs an interpreter, and with it libraries, to start.
[[nodiscard]] bool is_dynamic(const std::string& program);

}  // namespace urb
