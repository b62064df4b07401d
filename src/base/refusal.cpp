#include "base/refusal.hpp"

#include <fmt/format.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

#include <cerrno>
#include <charconv>

namespace urb {

std::optional<KernelRelease> parse_release(std::string_view text) noexcept {
  KernelRelease release;
  const char* const end = text.data() + text.size();
  const auto [dot, error] = std::from_chars(text.data(), end, release.major_number);
  if (error != std::errc{} || dot == end || *dot != '.') return std::nullopt;
  if (std::from_chars(dot + 1, end, release.minor_number).ec != std::errc{}) return std::nullopt;
  return release;
}

RefusalScene find_refusal_scene() {
  utsname system{};
  uname(&system);  // fails only for a bad address
  return {system.release, prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER};
}

bool is_refusal(int error) noexcept { return error == ENOSYS || error == EPERM || error == EACCES; }

std::string describe_refusal(std::string_view call, int error, KernelRelease since,
                             const RefusalScene& scene, std::string_view other_way) {
  constexpr std::string_view kRemedy = "allow it in the container's seccomp profile";
  const std::string or_else = other_way.empty() ? "" : fmt::format(", or {}", other_way);
  const std::optional<KernelRelease> running = parse_release(scene.release);
  if (error == ENOSYS && running && *running < since) {
    return fmt::format(
        "{}: this kernel, Linux {}, does not have it; Linux {}.{} or later is needed{}", call,
        scene.release, since.major_number, since.minor_number, or_else);
  }
  if (error == ENOSYS) {
    return fmt::format("{}: {} hides it, for Linux {} has it; {}{}", call,
                       scene.has_filter ? "a seccomp filter" : "a sandbox or this kernel's build",
                       scene.release, kRemedy, or_else);
  }
  return fmt::format(
      "{}: not permitted: {} refuses it; {}{}", call,
      scene.has_filter ? "a seccomp filter or a security module" : "a security module or a sandbox",
      kRemedy, or_else);
}

void throw_refused(const char* call, int error, KernelRelease since, std::string_view other_way) {
  if (!is_refusal(error)) throw SysError(call, error, hint_for_errno(error));
  throw Unsupported(describe_refusal(call, error, since, find_refusal_scene(), other_way));
}

}  // namespace urb
