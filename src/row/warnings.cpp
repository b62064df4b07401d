// The texts.
#include "row/warnings.hpp"

namespace urb {

std::string_view name_of(Warning warning) noexcept {
  switch (warning) {
    case Warning::debug_build: return "debug_build";
    case Warning::sanitized_build: return "sanitized_build";
    case Warning::load_high: return "load_high";
    case Warning::cpu_burned: return "cpu_burned";
    case Warning::few_repeats: return "few_repeats";
    case Warning::trials_failed: return "trials_failed";
    case Warning::client_busy: return "client_busy";
    case Warning::few_requests: return "few_requests";
    case Warning::latency_clipped: return "latency_clipped";
    case Warning::rate_not_reached: return "rate_not_reached";
    case Warning::missing_closes: return "missing_closes";
    case Warning::ignored_closes: return "ignored_closes";
    case Warning::late_closes: return "late_closes";
    case Warning::idle_closes: return "idle_closes";
    case Warning::window_stalled: return "window_stalled";
    case Warning::cpu_throttled: return "cpu_throttled";
    case Warning::server_hidden: return "server_hidden";
    case Warning::server_changed: return "server_changed";
    case Warning::drifted: return "drifted";
    case Warning::emulated_cpu: return "emulated_cpu";
    case Warning::governor_saves_power: return "governor_saves_power";
    case Warning::dirty_tree: return "dirty_tree";
    case Warning::cq_overflowed: return "cq_overflowed";
    case Warning::fds_exhausted: return "fds_exhausted";
    case Warning::files_exhausted: return "files_exhausted";
    case Warning::kernel_memory_exhausted: return "kernel_memory_exhausted";
    case Warning::in_flight_fds_exhausted: return "in_flight_fds_exhausted";
    case Warning::handover_stalled: return "handover_stalled";
    case Warning::handover_refused: return "handover_refused";
    case Warning::slots_exhausted: return "slots_exhausted";
    case Warning::buffers_starved: return "buffers_starved";
    case Warning::small_pipes: return "small_pipes";
    case Warning::listen_overflowed: break;
  }
  return "listen_overflowed";
}

std::string_view text_of(Warning warning) noexcept {
  switch (warning) {
    case Warning::debug_build:
      return "this binary was compiled without optimisation: build with `meson setup "
             "--buildtype=release`";
    case Warning::sanitized_build:
      return "this binary carries a sanitizer: its times say nothing, build without b_sanitize";
    case Warning::load_high:
      return "the CPUs were busy before the run: end other programs, or wait for the load average "
             "to fall";
    case Warning::cpu_burned: return "the workers burned CPU time on purpose; unset URB_TEST_BURN";
    case Warning::few_repeats:
      return "fewer than 5 repeats: the intervals mean little, use --repeats 5 or more";
    case Warning::trials_failed:
      return "some trials failed and are not in the figures: see their reasons above and mend "
             "them before comparing";
    case Warning::client_busy:
      return "the client used a whole CPU: it may be what limits the figures; compare CPU per "
             "request instead, or use larger bodies";
    case Warning::few_requests:
      return "fewer than 100 requests, or 10 per connection, in a trial: those at its edges weigh "
             "too "
             "much and p99 is a single request, use a longer --duration";
    case Warning::latency_clipped:
      return "a latency above 60 s was counted as 60 s: use fewer --connections or smaller bodies";
    case Warning::drifted:
      return "the machine became slower or faster while the run went on: end other programs, let "
             "it warm up or cool down, and run again";
    case Warning::emulated_cpu:
      return "this CPU is emulated (TCG): times say nothing about a real one, only counts do";
    case Warning::governor_saves_power:
      return "the CPU's frequency governor is not `performance`: cpupower frequency-set -g "
             "performance";
    case Warning::dirty_tree:
      return "this binary was built from sources that are in no commit: commit them before the "
             "rows are published";
    case Warning::rate_not_reached:
      return "fewer than 99 % of the requested rate were answered, so the latencies are those of a "
             "queue that grows: lower --rate, or use more --connections";
    case Warning::missing_closes:
      return "the server announced to close connections, but did not within 100 ms, so the client "
             "waited and then closed them itself: see why they stay open in the server";
    case Warning::ignored_closes:
      return "the server did not announce the close that the client had asked for (Connection: "
             "close), so the client closed at once: use --reuse yes, or let the server close";
    case Warning::late_closes:
      return "connections stayed open for longer behind the answer than the answer took, so the "
             "requests/s are those of late closes: see why the server does not close at once";
    case Warning::idle_closes:
      return "the server closed idle connections, so requests waited for new ones: raise its idle "
             "timeout, or use fewer --connections or a higher --rate";
    case Warning::window_stalled:
      return "the client did not run for a part of the measured time (stopped, suspended, or "
             "without a CPU), so the figures are too low: measure again, without a break";
    case Warning::cpu_throttled:
      return "a CPU quota (cgroup) was used up in the measured time, and processes had to wait for "
             "its next period: raise it (docker --cpus, cpu.max), or measure outside of it";
    case Warning::server_hidden:
      return "/proc does not show all processes below --server-pid, so their CPU time is unknown: "
             "run as their user or as root, with /proc of the same PID namespace";
    case Warning::server_changed:
      return "processes below --server-pid began or ended in the measured time, so their CPU time "
             "is unknown: use a longer --warmup, or a fixed number of processes";
    case Warning::cq_overflowed:
      return "a completion queue overflowed, which costs time: use fewer --connections";
    case Warning::fds_exhausted:
      return "a server process ran out of descriptors, so connections waited or were dropped: "
             "raise the hard limit of open files (ulimit -Hn), or use fewer --connections";
    case Warning::files_exhausted:
      return "the system ran out of open files, so connections waited or were dropped: raise "
             "sysctl fs.file-max";
    case Warning::kernel_memory_exhausted:
      return "the kernel refused memory for sockets or pipes: free memory, or raise the limit of "
             "the server's memory cgroup";
    case Warning::in_flight_fds_exhausted:
      return "more descriptors were on their way to workers than this user may have there, so "
             "connections were closed: raise the hard limit of open files (ulimit -Hn)";
    case Warning::handover_stalled:
      return "the channel to a worker was full, so connections waited for it: see whether a worker "
             "hangs, use more --workers, or reuse connections";
    case Warning::handover_refused:
      return "a worker took nothing for so long that connections meant for it were refused: see "
             "whether it is stopped or hangs, and raise the hard limit of open files (ulimit -Hn)";
    case Warning::slots_exhausted:
      return "a server process had as many connections as it can hold and closed what came "
             "beyond: use fewer --connections or more --workers";
    case Warning::buffers_starved:
      return "receives had to wait for a buffer: use more --workers or fewer --connections";
    case Warning::small_pipes:
      return "pipes were refused their size of 1 MiB, which slows splices down: raise sysctl "
             "fs.pipe-user-pages-soft and fs.pipe-max-size, or use --relay copy";
    case Warning::listen_overflowed: break;
  }
  return "a listen queue of this host overflowed, so connects waited a second or more: raise "
         "sysctl net.core.somaxconn, or use fewer --connections";
}

std::string_view text_of_warning(std::string_view name) noexcept {
  for (int index = 0; index <= static_cast<int>(Warning::listen_overflowed); ++index) {
    const auto warning = static_cast<Warning>(index);
    if (name_of(warning) == name) return text_of(warning);
  }
  return {};
}

std::string format_warnings(const Warnings& warnings) {
  std::string text;
  for (const Warning warning : warnings) {
    if (!text.empty()) text += ';';
    text += name_of(warning);
  }
  return text;
}

bool is_stall_long(Nanos stalled, Nanos elapsed) noexcept {
  return to_seconds(stalled) > kStallLong * to_seconds(elapsed);
}

bool misses_rate(std::uint64_t answers, double rate, double seconds) noexcept {
  return static_cast<double>(answers) + 1 < kRateReached * rate * seconds;
}

}  // namespace urb
