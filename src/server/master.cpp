// The child side of the master: workers, channels, signals, then the mode.
#include "server/master.hpp"

#include <signal.h>
#include <unistd.h>

#include <exception>
#include <string>

#include "base/error.hpp"
#include "net/handover.hpp"
#include "server/child.hpp"
#include "server/report.hpp"
#include "server/worker.hpp"

namespace urb {
namespace {

class Master {
 public:
  explicit Master(MasterSetup& setup) : setup_{setup} {}

  int run() {
    const Fd control = make_control({SIGTERM, SIGCHLD});
    start_workers();
    std::vector<int> channels;
    for (const Fd& channel : channels_) channels.push_back(channel.get());
    std::vector<const Counters*> worker_counters;
    for (const Counters* const page : setup_.pages.subspan(1)) worker_counters.push_back(page);

    MasterContext context{
        {setup_.config, *setup_.pages[0], control.get(), connection_capacity(),
         [&] { report_ready(); }, [&] { return has_lost_worker(); }, pin_process(setup_.config, 0)},
        setup_.mode.workers_listen ? 0 : setup_.listeners.front().get(),
        channels,
        worker_counters,
        [&] { stop_workers(); }};
    // The workers have theirs; one more reference would keep a dead worker's queue alive.
    if (setup_.mode.workers_listen) setup_.listeners.clear();
    setup_.mode.run_master(context);
    return end_workers();
  }

 private:
  void start_workers() {
    // All pairs first: a worker then closes the ends that are not its own.
    std::vector<ChannelPair> pairs;
    for (unsigned index = 0; index < setup_.config.workers; ++index)
      pairs.push_back(make_channel());
    for (unsigned index = 0; index < setup_.config.workers; ++index) {
      const std::string name = "urb-worker-" + std::to_string(index);
      workers_.emplace_back(name.c_str(), SIGKILL, [&] { return run_worker(pairs, index); });
    }
    for (ChannelPair& pair : pairs) channels_.push_back(std::move(pair.master));
  }

  int run_worker(std::vector<ChannelPair>& pairs, unsigned index) {
    const Fd channel = std::move(pairs[index].worker);
    pairs.clear();
    Fd listener;
    if (setup_.mode.workers_listen) listener = std::move(setup_.listeners[index]);
    setup_.listeners.clear();
    return run_worker_process({setup_.mode, setup_.config, index, channel.get(),
                               listener.is_open() ? listener.get() : -1, *setup_.pages[1 + index],
                               setup_.report_fd});
  }

  void report_ready() const {
    StartReport report;
    report.is_master = true;
    report.pid = getpid();
    write_report(setup_.report_fd, report);
  }

  bool has_lost_worker() noexcept {
    for (Child& worker : workers_) {
      if (worker.wait(Nanos{0})) lost_worker_ = true;
    }
    return lost_worker_;
  }

  void stop_workers() noexcept {
    for (const Child& worker : workers_) worker.signal(SIGTERM);
  }

  int end_workers() noexcept {
    channels_.clear();  // to a worker, the end of its channel is the order to finish
    const Nanos deadline = monotonic_now() + setup_.config.grace + std::chrono::seconds{1};
    int status = lost_worker_ ? 1 : 0;
    for (Child& worker : workers_) {
      if (worker.wait(deadline).value_or(1) != 0) status = 1;
    }
    return status;  // the destructor kills what is left
  }

  MasterSetup& setup_;
  std::vector<Child> workers_;
  std::vector<Fd> channels_;
  bool lost_worker_ = false;
};

}  // namespace

int run_master_process(MasterSetup setup) noexcept {
  try {
    return Master{setup}.run();
  } catch (const std::exception& cause) {
    write_report(setup.report_fd, make_failure_report(cause));
    return 1;
  }
}

}  // namespace urb
