// Version and host, put together.
#include "cli/host_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <string_view>

#include "cli/version.hpp"
#include "experiment/pinning.hpp"
#include "probe/topology.hpp"
#include "probe/yardstick.hpp"
#include "sweep/guest.hpp"

namespace urb {

std::string format_host_line(const Host& host) {
  std::string line = fmt::format("uring-bench {} on Linux {}, {} CPU{} ({})", kVersion, host.kernel,
                                 host.cpus, host.cpus == 1 ? "" : "s", host.cpu_model);
  if (host.accelerator && *host.accelerator != Accelerator::none) {
    line += fmt::format(", {}", name_of(*host.accelerator));
  }
  if (host.smt.value_or(false)) line += ", SMT";
  if (!host.governor.empty()) line += fmt::format(", governor {}", host.governor);
  if (host.load_average) line += fmt::format(", load average {:.2f}", *host.load_average);
  return line;
}

void fill_host(Row& row, const Host& host) {
  row.tool = kVersion;
  row.kernel = host.kernel;
  row.machine = host.machine;
  if (host.accelerator) row.accelerator = name_of(*host.accelerator);
  row.cpu_model = host.cpu_model;
  row.cpus = host.cpus;
  row.mitigations = host.mitigations;
  row.lo_mtu = host.lo_mtu;
  const HostSettings& settings = host.settings;
  row.boot_id = settings.boot_id;
  row.kernel_compiler = settings.kernel_compiler;
  row.kernel_config = settings.kernel_config;
  row.cpu_flags = settings.cpu_flags;
  row.hz = settings.hz;
  row.preemption = settings.preemption;
  row.irq_accounting = settings.irq_accounting;
  row.tcp_congestion = settings.tcp_congestion;
}

HostScope scope_of(const Host& host) {
  HostScope scope{.cpus = {},
                  .interrupts_apart = host.settings.irq_accounting == "yes",
                  .skips_idle = is_counted_guest()};
  const std::vector<unsigned> allowed = allowed_cpus();
  if (static_cast<long>(allowed.size()) != sysconf(_SC_NPROCESSORS_ONLN)) scope.cpus = allowed;
  return scope;
}

std::function<double()> yardstick_here() {
  return [cpus = choose_yardstick_cpus(probe_topology(allowed_cpus()))] {
    return measure_yardstick(cpus);
  };
}

Build running_build() {
  Build build = this_build();
  build.dirty = std::string_view{kVersion}.ends_with("-dirty");
  return build;
}

}  // namespace urb
