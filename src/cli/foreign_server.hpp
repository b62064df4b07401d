// A server that somebody else started, as `load --server-pid` sees it: CPU time of the processes
// named and of all below them, or that it cannot be known.
#pragma once

#include <span>
#include <vector>

#include "experiment/figures.hpp"
#include "row/warnings.hpp"
#include "stats/family.hpp"

namespace urb {

class ForeignServer {
 public:
  /// Throws UsageError when one of the processes does not exist.
  ForeignServer(std::span<const int> pids, HostScope scope);

  /// Looks for its processes and samples them: a server may have begun some under the warm-up.
  [[nodiscard]] WindowSample begin_window();
  /// Samples the same, and looks whether they are still all.
  [[nodiscard]] WindowSample end_window();
  /// Why the sample of the window's end has no CPU time.
  [[nodiscard]] const Warnings& warnings() const noexcept { return warnings_; }

 private:
  HostScope scope_;
  std::vector<pid_t> named_;
  std::optional<std::vector<Relative>> family_;
  std::vector<ServerProcess> processes_;
  Warnings warnings_;
};

}  // namespace urb
