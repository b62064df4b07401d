// Fork, wait, kill.
#include "process/child.hpp"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <utility>

#include "base/assert.hpp"
#include "base/error.hpp"
#include "base/refusal.hpp"

namespace urb {

namespace {

constexpr std::size_t kKeptMax = 8;

// Also where filters older than close_range(2) refuse it.
bool close_range_but(std::span<const int> kept) noexcept {
  std::array<unsigned, kKeptMax + 1> borders{STDERR_FILENO};
  std::size_t count = 1;
  for (const int fd : kept) {
    if (fd > STDERR_FILENO) borders[count++] = static_cast<unsigned>(fd);
  }
  std::sort(borders.begin(), borders.begin() + count);
  for (std::size_t index = 0; index < count; ++index) {
    const unsigned first = borders[index] + 1;
    const unsigned last = index + 1 < count ? borders[index + 1] - 1 : ~0U;
    if (first <= last && close_range(first, last, 0) != 0) return false;
  }
  return true;
}

void close_each_but(std::span<const int> kept) noexcept {
  const auto close_unless_kept = [kept](int fd) noexcept {
    if (fd > STDERR_FILENO && std::find(kept.begin(), kept.end(), fd) == kept.end()) close(fd);
  };
  if (DIR* const folder = opendir("/proc/self/fd"); folder != nullptr) {
    const int own = dirfd(folder);
    while (const dirent* const entry = readdir(folder)) {
      int fd = -1;
      const std::string_view name{entry->d_name};
      std::from_chars(name.data(), name.data() + name.size(), fd);
      if (fd != own) close_unless_kept(fd);
    }
    closedir(folder);
    return;
  }
  // Numbers are given out from the lowest on. The bound is the kernel's default for a process
  // (fs.nr_open): containers have limits of 10^9, and to try them all would take minutes.
  constexpr rlim_t kMost = 1024 * 1024;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) files.rlim_max = kMost;
  const int end = static_cast<int>(std::min(files.rlim_max, kMost));
  for (int fd = STDERR_FILENO + 1; fd < end; ++fd) close_unless_kept(fd);
}

}  // namespace

void close_all_but(std::span<const int> kept) noexcept {
  URB_ASSERT(kept.size() <= kKeptMax);
  if (!close_range_but(kept)) close_each_but(kept);
}

Child::Child(const char* name, int death_signal, const std::function<int()>& body) {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0 && errno == EAGAIN) {
    throw Unsupported(
        "fork: the limit of processes is reached; raise ulimit -u and the container's limit "
        "(cgroup pids.max)");
  }
  check_allowed(pid, "fork", {1, 0});
  if (pid == 0) {
    prctl(PR_SET_NAME, name);
    prctl(PR_SET_PDEATHSIG, death_signal);
    // The parent may have died before the line above; then nobody is left to ask.
    if (getppid() != parent) _exit(1);
    // An exception must not get into frames that are the parent's.
    [&]() noexcept { _exit(body()); }();
  }
  pid_ = pid;
  // Linux 5.3; the C library of Debian 12 has no wrapper for C++ without its own header clashes.
  const long raw = syscall(SYS_pidfd_open, pid, 0);
  if (raw < 0) {
    const int error = errno;
    kill_and_reap();
    throw_refused("pidfd_open", error, {5, 3});
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
  check_allowed(raw, "pidfd_getfd", {5, 6}, "set sysctl kernel.yama.ptrace_scope to 1 or less");
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
