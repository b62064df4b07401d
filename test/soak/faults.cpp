// Signals and limits.
#include "soak/faults.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>

#include "support/process.hpp"

namespace urb::test {
namespace {

/// A living one; 0 when there is none at the moment.
pid_t choose_worker(pid_t master, std::mt19937_64& random) {
  const std::vector<pid_t> tree = process_tree(master);
  if (tree.size() < 2) return 0;
  const pid_t worker = tree[1 + random() % (tree.size() - 1)];
  return process_name(worker).rfind("urb-worker-", 0) == 0 && process_state(worker) != 'Z' ? worker
                                                                                           : 0;
}

bool stop_for(pid_t pid, int milliseconds) {
  if (pid == 0 || kill(pid, SIGSTOP) != 0) return false;
  poll(nullptr, 0, milliseconds);
  kill(pid, SIGCONT);
  return true;
}

/// No further descriptor for a while.
bool starve_of_fds(pid_t pid, int milliseconds) {
  rlimit ample{};
  if (pid == 0 || prlimit(pid, RLIMIT_NOFILE, nullptr, &ample) != 0) return false;
  const rlimit scarce{3, ample.rlim_max};
  if (prlimit(pid, RLIMIT_NOFILE, &scarce, nullptr) != 0) return false;
  poll(nullptr, 0, milliseconds);
  prlimit(pid, RLIMIT_NOFILE, &ample, nullptr);
  return true;
}

}  // namespace

bool kill_worker(pid_t master, std::mt19937_64& random) {
  const pid_t worker = choose_worker(master, random);
  return worker != 0 && kill(worker, SIGKILL) == 0;
}

void inject_fault(pid_t master, std::mt19937_64& random, FaultCounts& counts) {
  const int duration_ms = 20 + static_cast<int>(random() % 280);
  switch (random() % 6) {
    case 0:
    case 1: counts.killed_workers += kill_worker(master, random); break;
    case 2: counts.stopped_workers += stop_for(choose_worker(master, random), duration_ms); break;
    case 3: counts.stopped_masters += stop_for(master, duration_ms); break;
    case 4: counts.fd_shortages += starve_of_fds(choose_worker(master, random), duration_ms); break;
    default: counts.fd_shortages += starve_of_fds(master, duration_ms);
  }
}

std::string format_faults(const FaultCounts& counts) {
  return fmt::format(
      "{} workers killed, {} stopped for a while, the master stopped {} times, {} times no "
      "descriptors",
      counts.killed_workers, counts.stopped_workers, counts.stopped_masters, counts.fd_shortages);
}

}  // namespace urb::test
