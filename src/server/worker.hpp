// The worker process, child of the master.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "base/fd.hpp"
#include "mode/mode.hpp"

namespace urb {

struct WorkerSetup {
  const Mode& mode;
  const ServerConfig& config;
  unsigned index;
  int channel;
  int listener;                 ///< -1 where the mode has none for workers
  std::span<std::byte> shared;  ///< with the master
  Counters& counters;
  int report_fd;
};

/// Runs a worker until its channel ends. Returns the exit status.
[[nodiscard]] int run_worker_process(const WorkerSetup& setup) noexcept;

/// A signalfd for `orders`, which are blocked. Every other signal by which somebody asks a process
/// to end or to do something is ignored: a terminal, or whoever ends a whole group, sends it to all
/// processes, and only the one that was started decides what it means. Throws SysError.
[[nodiscard]] Fd make_control(std::initializer_list<int> orders);
/// Pins the calling process to its CPU of `config.pins`, where there is one: position 0 is the
/// master's, 1 + index a worker's. Returns the CPU of its io-wq threads. Throws SysError.
std::optional<unsigned> pin_process(const ServerConfig& config, std::size_t position);
/// As many connections as there can be descriptors, and no more than 65,536.
[[nodiscard]] std::size_t connection_capacity() noexcept;

}  // namespace urb
