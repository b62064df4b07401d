// Reads clocks, counters and quotas at the ends of the window.
#include <unistd.h>

#include <utility>

#include "experiment/figures.hpp"

namespace urb {
namespace {

WindowSample sample_processes(std::span<const ServerProcess> processes) {
  WindowSample sample;
  sample.processes.reserve(processes.size());
  for (const ServerProcess& process : processes) {
    const Counters& counters = *process.counters;
    sample.processes.push_back({.role = process.role,
                                .cpu = sample_cpu_time(process.pid),
                                .context_switches = sample_context_switches(process.pid),
                                .requests = counters.requests.get(),
                                .ring_enters = counters.ring_enters.get(),
                                .ring_sqes = counters.ring_sqes.get(),
                                .cq_overflows = counters.cq_overflows.get(),
                                .short_splices = counters.short_splices.get(),
                                .handover_messages = counters.handover_messages.get(),
                                .handover_connections = counters.handover_connections.get()});
  }
  sample.host = sample_host_time();
  sample.client = own_cpu_time();
  return sample;
}

void sample_quotas(WindowSample& sample, std::span<const ServerProcess> processes) {
  std::vector<pid_t> pids{getpid()};
  for (const ServerProcess& process : processes) pids.push_back(process.pid);
  sample.cpu_periods = sample_cpu_periods(pids);
}

}  // namespace

WindowSample sample_window_begin(std::span<const ServerProcess> processes) {
  WindowSample quotas;
  sample_quotas(quotas, processes);
  WindowSample sample = sample_processes(processes);
  sample.cpu_periods = std::move(quotas.cpu_periods);
  return sample;
}

WindowSample sample_window_end(std::span<const ServerProcess> processes) {
  WindowSample sample = sample_processes(processes);
  sample_quotas(sample, processes);
  return sample;
}

}  // namespace urb
