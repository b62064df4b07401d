// The child side of a worker: signals, context, then the mode.
#include "server/worker.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <exception>

#include "base/error.hpp"
#include "server/report.hpp"

namespace urb {

Fd make_control(std::initializer_list<int> signals) {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGINT, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  for (const int number : signals) sigaddset(&set, number);
  check(sigprocmask(SIG_SETMASK, &set, nullptr), "sigprocmask");
  return Fd{Adopt{}, check(signalfd(-1, &set, SFD_CLOEXEC), "signalfd")};
}

std::size_t connection_capacity() noexcept {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return 1024;
  return std::min<std::size_t>(files.rlim_cur, 65536);
}

int run_worker_process(const WorkerSetup& setup) noexcept {
  StartReport report;
  report.worker_index = setup.index;
  report.pid = getpid();
  try {
    const Fd control = make_control({SIGTERM});
    WorkerContext context{{setup.config,
                           setup.counters,
                           control.get(),
                           connection_capacity(),
                           [&] { write_report(setup.report_fd, report); },
                           {}},
                          setup.index,
                          setup.channel,
                          setup.listener};
    setup.mode.run_worker(context);
    return 0;
  } catch (const std::exception& cause) {
    write_report(setup.report_fd, make_failure_report(cause));
    return 1;
  }
}

}  // namespace urb
