// A child process, owned: forked, watched by a pidfd, killed and reaped at the latest by the
// destructor. It dies with its parent.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <span>

#include "base/clock.hpp"
#include "base/fd.hpp"

namespace urb {

/// Closes every descriptor but the standard streams and `kept`, at most eight: for children of a
/// process that has more than they may see. By close_range(2) (Linux 5.9), or one by one where that
/// call is refused.
void close_all_but(std::span<const int> kept) noexcept;

class Child {
 public:
  Child() noexcept = default;
  /// Forks; the child names itself `name` (15 bytes are kept), asks for `death_signal` should its
  /// parent die, runs `body` and exits with what it returns, without running the parent's
  /// destructors; an exception aborts it. Throws SysError, and Unsupported at the limit of
  /// processes and where pidfd_open(2) is refused.
  Child(const char* name, int death_signal, const std::function<int()>& body);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// Readable when the child has ended.
  [[nodiscard]] int ended_fd() const noexcept { return pidfd_.get(); }
  void signal(int number) const noexcept;
  /// A descriptor of our own for what the child has under `number` (pidfd_getfd(2), Linux 5.6).
  /// Throws SysError, and Unsupported where the call is refused.
  [[nodiscard]] Fd take_descriptor(int number) const;
  /// Waits for the end until `deadline`. The exit status (128 + signal for a killed child), or
  /// nothing when it still runs.
  [[nodiscard]] std::optional<int> wait(Nanos deadline) noexcept;

 private:
  void kill_and_reap() noexcept;
  pid_t pid_ = 0;
  Fd pidfd_;
  std::optional<int> exit_status_;
};

}  // namespace urb
