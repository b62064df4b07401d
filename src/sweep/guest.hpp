// The inside of a virtual machine, where this program is the first process and the only one there
// is: mounts, loopback, modules, then the task's runs, and what they print out to the host.
#pragma once

namespace urb {

/// Whether this process was started by the kernel of a guest that a sweep made.
[[nodiscard]] bool is_guest_init() noexcept;

/// Whether this is a run in a guest whose clock counts instructions.
[[nodiscard]] bool is_counted_guest() noexcept;

/// Does the task and ends the machine. Never returns, whatever goes wrong: without its first
/// process, a kernel panics.
[[noreturn]] void run_guest() noexcept;

// The lines that a guest sends besides its rows.
inline constexpr const char* kReadyLine = "#ready";
inline constexpr const char* kExitPrefix = "#exit ";  ///< and the exit code of one run
inline constexpr const char* kEndLine = "#end";

/// Ports of the machine that boot.cpp builds: bytes out, and the end of the machine.
inline constexpr unsigned short kOutputPort = 0xe9;
inline constexpr unsigned short kSymbolPort = 0xea;  ///< /proc/kallsyms, for a profile
inline constexpr unsigned short kExitPort = 0xf4;

}  // namespace urb
