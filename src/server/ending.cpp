// Signals and what usually sends them.
#include "server/ending.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

namespace urb {
namespace {

// Limits are inherited, so this process' own are those of the one that ended.
bool is_stack_small() noexcept {
  constexpr rlim_t kEnough = 1024 * 1024;
  rlimit stack{};
  return getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur < kEnough;
}

constexpr int kSignalled = 128;

}  // namespace

std::string_view likely_cause_of(int status) noexcept {
  switch (status - kSignalled) {
    case SIGKILL:
      return ": by somebody, or for want of memory (dmesg tells); free some, or raise the limit of "
             "the memory cgroup";
    case SIGSEGV:
      return is_stack_small() ? ": the stack is too small; raise ulimit -s, 8192 is usual" : "";
    case SIGBUS: return ": no memory or disk behind a mapping; free some";
    case SIGSYS:
      return ": a seccomp filter ends who makes a call that it does not know; allow io_uring in "
             "the container's profile";
    case SIGXCPU: return ": its CPU time is used up; raise ulimit -t";
    default: return "";
  }
}

std::string describe_ending(int status) {
  const int signal = status - kSignalled;
  // ssh ends with 255 when what it carried was killed.
  if (signal <= 0 || signal > SIGRTMAX) return fmt::format("ended with exit status {}", status);
  return fmt::format("was killed by signal {} ({})", signal, strsignal(signal));
}

}  // namespace urb
