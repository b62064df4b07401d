// The set of this process, and rings that are refused.
#include "uring/features.hpp"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>

#include "base/error.hpp"

namespace urb {
namespace {

constexpr KernelRelease kRings{5, 1};
constexpr KernelRelease kRingsUsable{5, 11};  // see try_features()

RingScene find_ring_scene() {
  RingScene scene{find_refusal_scene(), {}};
  std::ifstream file{"/proc/sys/kernel/io_uring_disabled"};
  std::getline(file, scene.disabled);
  return scene;
}

}  // namespace

Features kernel_features() {
  static const Features found = [] {
    const char* const missing = std::getenv("URB_TEST_WITHOUT");
    return without(try_features(), missing == nullptr ? "" : missing);
  }();
  return found;
}

std::string describe_ring_refusal(int error, const RingScene& scene) {
  const std::optional<KernelRelease> running = parse_release(scene.refusal.release);
  const bool is_old = !running || *running < kRingsUsable;
  if (error == ENOSYS && !is_old && !scene.refusal.has_filter && scene.disabled.empty()) {
    return "io_uring_setup: this kernel was built without CONFIG_IO_URING, or a sandbox hides the "
           "call; use another kernel, or allow it there";
  }
  if (error == ENOSYS || (error == EINVAL && !is_old)) {
    std::string text =
        describe_refusal("io_uring_setup", ENOSYS, is_old ? kRingsUsable : kRings, scene.refusal);
    // Where the setting exists (6.6), the kernel has io_uring for certain.
    if (!is_old && scene.disabled.empty())
      text += "; or the kernel was built without CONFIG_IO_URING";
    return text;
  }
  if (error == EINVAL) return "io_uring_setup: refused; Linux 5.11 or later is needed";
  if (scene.disabled == "1" || scene.disabled == "2") {
    return fmt::format(
        "io_uring_setup: not permitted: set sysctl kernel.io_uring_disabled=0 (here it is {}), and "
        "in a container allow io_uring in the seccomp profile",
        scene.disabled);
  }
  return describe_refusal("io_uring_setup", error, kRings, scene.refusal,
                          "set sysctl kernel.io_uring_disabled=0 where it is not");
}

void throw_ring_error(int error) {
  if (is_refusal(error) || error == EINVAL) {
    throw Unsupported(describe_ring_refusal(error, find_ring_scene()));
  }
  if (error == ENOMEM) {
    throw Unsupported(
        "io_uring_setup: no memory for the ring; raise ulimit -l, use fewer workers or --buffers "
        "plain, or free memory");
  }
  throw SysError("io_uring_setup", error, hint_for_errno(error));
}

void require_features(std::string_view who, Features needs) {
  const std::string missing = describe_missing(who, needs, kernel_features());
  if (!missing.empty()) throw_missing(missing);
}

void throw_missing(const std::string& text) {
  // No ring has this number: where the call is allowed, that is what it says.
  if (syscall(SYS_io_uring_register, -1, 0, nullptr, 0) < 0 && is_refusal(errno)) {
    throw_refused("io_uring_register", errno, kRings);
  }
  throw Unsupported(text);
}

}  // namespace urb
