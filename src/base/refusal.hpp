// What a container takes away: system calls that the kernel has and a filter refuses.
#pragma once

#include <cerrno>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace urb {

/// The first two numbers of a kernel's release.
struct KernelRelease {
  unsigned major_number = 0;
  unsigned minor_number = 0;
  auto operator<=>(const KernelRelease&) const = default;
};
/// "6.18.44-generic" → 6.18, or nothing for a text that starts otherwise.
[[nodiscard]] std::optional<KernelRelease> parse_release(std::string_view text) noexcept;

/// The circumstances of a refused call, independent of where they are read.
struct RefusalScene {
  std::string release;      ///< as `uname -r` prints it
  bool has_filter = false;  ///< this process has a seccomp filter
};
[[nodiscard]] RefusalScene find_refusal_scene();

/// Whether `error` is one by which a filter, or a kernel without a call, refuses the call. Nobody
/// needs a privilege for that call. Podman and kernels use ENOSYS, docker EPERM, and security
/// modules EACCES.
[[nodiscard]] bool is_refusal(int error) noexcept;

/// One line: which call was refused, by whom as far as that can be known, and the remedy. The call
/// is in mainline from `since` on. `other_way` is what else helps, and may be empty.
[[nodiscard]] std::string describe_refusal(std::string_view call, int error, KernelRelease since,
                                           const RefusalScene& scene,
                                           std::string_view other_way = {});

/// Throws Unsupported with that line for a refusal, and SysError for any other error.
[[noreturn]] void throw_refused(const char* call, int error, KernelRelease since,
                                std::string_view other_way = {});

/// As check(), for calls that need no privilege, and that a filter may not know.
template <class T>
T check_allowed(T result, const char* call, KernelRelease since, std::string_view other_way = {}) {
  if (result == static_cast<T>(-1)) throw_refused(call, errno, since, other_way);
  return result;
}

}  // namespace urb
