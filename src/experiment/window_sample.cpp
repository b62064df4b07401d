// Reads clocks, counters, books. What is slow stands outside of the window.
#include <unistd.h>

#include <utility>

#include "experiment/figures.hpp"
#include "probe/page_reporting.hpp"
#include "stats/memory_use.hpp"

namespace urb {
namespace {

void sample_processes(WindowSample& sample, std::span<const ServerProcess> processes) {
  sample.processes.reserve(processes.size());
  for (const ServerProcess& process : processes) {
    sample.processes.push_back({.pid = process.pid,
                                .role = process.role,
                                .cpu = sample_cpu_time(process.pid),
                                .context_switches = sample_context_switches(process.pid),
                                .counts = Counts{*process.counters}});
  }
}

void sample_companions(WindowSample& sample, std::span<const pid_t> companions) {
  for (const pid_t pid : companions) {
    sample.companions.push_back({.pid = pid,
                                 .role = ProcessRole::worker,
                                 .cpu = sample_cpu_time(pid),
                                 .context_switches = {},
                                 .counts = {}});
  }
}

void sample_others(WindowSample& sample, std::span<const ServerProcess> processes) {
  sample.books.processes = sample_process_times();
  sample.reported_kib = count_reported_kib();
  std::vector<pid_t> pids{getpid()};
  for (const ServerProcess& process : processes) pids.push_back(process.pid);
  sample.cpu_periods = sample_cpu_periods(pids);
}

}  // namespace

WindowSample sample_window_begin(std::span<const ServerProcess> processes, const HostScope& scope,
                                 std::span<const pid_t> companions) {
  WindowSample sample;
  sample_others(sample, processes);
  sample_companions(sample, companions);
  sample_processes(sample, processes);
  sample.books.time = sample_host_time(scope.cpus);
  sample.client = own_cpu_time();
  return sample;
}

WindowSample sample_window_end(std::span<const ServerProcess> processes, const HostScope& scope,
                               std::span<const pid_t> companions) {
  WindowSample sample;
  sample.client = own_cpu_time();
  sample.books.time = sample_host_time(scope.cpus);
  sample_processes(sample, processes);
  sample_companions(sample, companions);
  sample_others(sample, processes);
  return sample;
}

MemorySample sample_memory(std::span<const ServerProcess> processes) {
  MemorySample sample{.master = 0, .workers = 0, .sockets = sample_socket_memory_kb()};
  for (const ServerProcess& process : processes) {
    auto& sum = process.role == ProcessRole::master ? sample.master : sample.workers;
    const auto used = sample_memory_kb(process.pid);
    sum = sum && used ? std::optional{*sum + *used} : std::nullopt;
  }
  return sample;
}

}  // namespace urb
