#include <unistd.h>

#include <utility>

#include "experiment/figures.hpp"

namespace urb {
namespace {

WindowSample sample_processes(std::span<const ServerProcess> processes) {
  WindowSample sample;
  sample.processes.reserve(processes.size());
  for (const ServerProcess& process : processes) {
    sample.processes.push_back({.role = process.role,
                                .cpu = sample_cpu_time(process.pid),
                                .context_switches = sample_context_switches(process.pid),
                                .counts = Counts{*process.counters}});
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
