// Fork, wait, kill.
#include "server/child.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace urb {

void close_all_but(std::span<const int> kept) {
  std::vector<unsigned> borders{STDERR_FILENO};
  for (const int fd : kept) {
    if (fd > STDERR_FILENO) borders.push_back(static_cast<unsigned>(fd));
  }
  std::sort(borders.begin(), borders.end());
  for (std::size_t index = 0; index < borders.size(); ++index) {
    const unsigned first = borders[index] + 1;
    const unsigned last = index + 1 < borders.size() ? borders[index + 1] - 1 : ~0U;
    if (first <= last) check(close_range(first, last, 0), "close_range");
  }
}

Child::Child(const char* name, int death_signal, const std::function<int()>& body) {
  const pid_t parent = getpid();
  const pid_t pid = check(fork(), "fork", "raise the limit of processes: ulimit -u");
  if (pid == 0) {
    prctl(PR_SET_NAME, name);
    prctl(PR_SET_PDEATHSIG, death_signal);
    // The parent may have died before the line above; then nobody is left to ask.
    if (getppid() != parent) _exit(1);
    _exit(body());
  }
  pid_ = pid;
  // Linux 5.3; the C library of Debian 12 has no wrapper for C++ without its own header clashes.
  const long raw = syscall(SYS_pidfd_open, pid, 0);
  if (raw < 0) {
    const int error = errno;
    kill_and_reap();
    throw SysError("pidfd_open", error, hint_for_errno(error));
  }
  pidfd_ = Fd{Adopt{}, static_cast<int>(raw)};
}

Child::Child(Child&& other) noexcept
    : pid_{std::exchange(other.pid_, 0)},
      pidfd_{std::move(other.pidfd_)},
      exit_status_{other.exit_status_} {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    kill_and_reap();
    pid_ = std::exchange(other.pid_, 0);
    pidfd_ = std::move(other.pidfd_);
    exit_status_ = other.exit_status_;
  }
  return *this;
}

Child::~Child() { kill_and_reap(); }

void Child::kill_and_reap() noexcept {
  if (pid_ == 0 || exit_status_) return;
  kill(pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  exit_status_ = 128 + SIGKILL;
}

void Child::signal(int number) const noexcept {
  // Not reaped yet, so the number is still this child's.
  if (pid_ != 0 && !exit_status_) kill(pid_, number);
}

Fd Child::take_descriptor(int number) const {
  const long raw = syscall(SYS_pidfd_getfd, pidfd_.get(), number, 0);
  // EPERM: what may trace a process may take its descriptors, and a parent may by default.
  check(raw, "pidfd_getfd",
        "allow it in the container's seccomp profile, and set sysctl kernel.yama.ptrace_scope to 1 "
        "or less");
  return Fd{Adopt{}, static_cast<int>(raw)};
}

std::optional<int> Child::wait(Nanos deadline) noexcept {
  while (pid_ != 0 && !exit_status_) {
    int status = 0;
    const pid_t ended = waitpid(pid_, &status, WNOHANG);
    if (ended == pid_) {
      exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      break;
    }
    const Nanos left = deadline - monotonic_now();
    if (left <= Nanos{0}) return {};
    pollfd ready{pidfd_.get(), POLLIN, 0};
    const auto left_ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    poll(&ready, 1, static_cast<int>(std::min<std::int64_t>(left_ms, 1000)));
  }
  return exit_status_;
}

}  // namespace urb
