// The child side of a worker: signals, context, then the mode.
#include "server/worker.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <exception>

#include "base/error.hpp"
#include "base/refusal.hpp"
#include "server/process_message.hpp"

namespace urb {

Fd make_control(std::initializer_list<int> orders) {
  for (const int number : {SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM}) {
    ::signal(number, SIG_IGN);
  }
  sigset_t set;
  sigemptyset(&set);
  for (const int number : orders) {
    ::signal(number, SIG_DFL);  // what is ignored is not queued either
    sigaddset(&set, number);
  }
  check(sigprocmask(SIG_SETMASK, &set, nullptr), "sigprocmask");
  return Fd{Adopt{}, check_allowed(signalfd(-1, &set, SFD_CLOEXEC), "signalfd", {2, 6})};
}

std::optional<unsigned> pin_process(const ServerConfig& config, std::size_t position) {
  if (config.pins.empty()) return {};
  const unsigned cpu = config.pins.at(position);
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  check(sched_setaffinity(0, sizeof set, &set), "sched_setaffinity",
        "--pin names a CPU that is not there");
  return position == 0 && config.master_iowq_pin ? config.master_iowq_pin : cpu;
}

std::size_t connection_capacity() noexcept {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return 1024;
  return std::min<std::size_t>(files.rlim_cur, 65536);
}

int run_worker_process(const WorkerSetup& setup) noexcept {
  ProcessMessage report;
  report.worker_index = setup.index;
  report.pid = getpid();
  try {
    const Fd control = make_control({finish_signal()});
    WorkerContext context{{setup.config, setup.counters, control.get(), connection_capacity(),
                           [&] {
                             setup.counters.starts.add();
                             write_message(setup.report_fd, report);
                           },
                           pin_process(setup.config, 1 + setup.index)},
                          setup.index,
                          setup.channel,
                          setup.listener,
                          setup.shared};
    worker_of(setup.mode, setup.config.tls.kind)(context);
    return 0;
  } catch (const std::exception& cause) {
    ProcessMessage failure = make_failure_message(cause);
    failure.worker_index = setup.index;
    write_message(setup.report_fd, failure);
    return 1;
  }
}

}  // namespace urb
