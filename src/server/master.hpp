// The master process: starts the workers, hands over to the mode, ends the workers.
#pragma once

#include <span>
#include <vector>

#include "base/address.hpp"
#include "base/fd.hpp"
#include "mode/mode.hpp"

namespace urb {

/// What the master inherits. It owns the descriptors from the fork on.
struct MasterSetup {
  const Mode& mode;
  const ServerConfig& config;
  std::vector<Fd> listeners;         ///< one, or one per worker: see listens_per_worker()
  std::span<Counters* const> pages;  ///< the master's, then the workers'
  const Address& address;            ///< of the listeners
  int report_fd;                     ///< for ProcessReports
};

/// A Unix socket has no ports to share: its one listener is every worker's.
[[nodiscard]] inline bool listens_per_worker(const Mode& mode, const Address& address) noexcept {
  return mode.workers_listen && !address.is_unix();
}

/// Runs the master until SIGTERM has been served. The exit status: 0, or 1 after a failure, which
/// has been reported, or after workers that died as soon as they started.
[[nodiscard]] int run_master_process(MasterSetup setup) noexcept;

}  // namespace urb
