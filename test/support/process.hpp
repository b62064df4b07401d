// What the kernel tells of other processes: whether they live, their descriptors, their memory.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/units.hpp"
#include "support/deadline.hpp"

namespace urb::test {

/// Watches a process that need not be a child. Made while it lives, so that its number cannot be
/// somebody else's later.
class ProcessWatch {
 public:
  explicit ProcessWatch(pid_t pid);
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// True when it has ended, or ends within `patience`; a zombie has ended.
  [[nodiscard]] bool has_ended(Nanos patience) const;

 private:
  pid_t pid_;
  Fd pidfd_;
};

/// True when all of them have ended or end within `patience`.
[[nodiscard]] bool have_ended(std::span<const ProcessWatch> processes, Nanos patience = kPatience);

/// Descriptors that the process has open. Throws when it is gone.
[[nodiscard]] std::size_t open_fds(pid_t pid);
/// The process and all that descend from it, the parents first.
[[nodiscard]] std::vector<pid_t> process_tree(pid_t root);
/// The most physical memory it has had so far (VmHWM).
[[nodiscard]] Bytes peak_memory(pid_t pid);
/// Whether PATH has `program`.
[[nodiscard]] bool is_on_path(const std::string& program);
/// Its state letter as in ps, such as 'T' when it is stopped; 0 when it is gone.
[[nodiscard]] char process_state(pid_t pid);
/// How many of its threads are io_uring's own (iou-wrk-…).
[[nodiscard]] std::size_t iowq_threads(pid_t pid);
/// Its name (comm), such as "urb-worker-0"; empty when it is gone.
[[nodiscard]] std::string process_name(pid_t pid);

}  // namespace urb::test
