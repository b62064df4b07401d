// The child side of the master: workers, channels, signals, then the mode.
#include "server/master.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "mode/listener_group.hpp"
#include "net/acceptor.hpp"
#include "net/handover.hpp"
#include "process/child.hpp"
#include "server/ending.hpp"
#include "server/process_message.hpp"
#include "server/worker.hpp"

namespace urb {
namespace {

// A worker that dies this often before it is ready will not live: a guess.
constexpr unsigned kFailuresMax = 3;
// For workers to cancel what the grace has ended, and to exit: milliseconds, but on a busy machine.
constexpr Nanos kExitTime = std::chrono::seconds{3};
// When a replacement could not be made, for want of processes, memory or descriptors.
constexpr Nanos kRetryAfter = std::chrono::milliseconds{100};

class Master {
 public:
  explicit Master(MasterSetup& setup) : setup_{setup}, workers_(setup.config.workers) {
    changes_.reserve(2 * workers_.size());
  }

  int run() {
    // The last is for the workers, which inherit that it waits until they can read it.
    const Fd control = make_control({SIGTERM, SIGCHLD, finish_signal()});
    make_group();
    map_shared();
    for (unsigned index = 0; index < workers_.size(); ++index) start_worker(index);
    std::vector<int> channels;
    for (const Worker& worker : workers_) channels.push_back(worker.channel.get());
    std::vector<const Counters*> worker_counters;
    for (const Counters* const page : setup_.pages.subspan(1)) worker_counters.push_back(page);

    MasterContext context{ProcessContext{.config = setup_.config,
                                         .counters = *setup_.pages[0],
                                         .control = control.get(),
                                         .connection_capacity = connection_capacity(),
                                         .on_ready = [&] { report_ready(); },
                                         .iowq_cpu = pin_process(setup_.config, 0)}};
    if (!setup_.mode.workers_listen) context.listener = setup_.listeners.front().get();
    context.channels = channels;
    context.worker_counters = worker_counters;
    context.shared = shared_;
    context.stop_workers = [&] { stop_workers(); };
    context.take_descriptor = [&](unsigned worker, int number) {
      return workers_[worker].process.take_descriptor(number);
    };
    context.kill_worker = [&](unsigned worker) { workers_[worker].process.signal(SIGKILL); };
    context.look_after_workers = [&] { return look_after_workers(); };
    master_of(setup_.mode, setup_.config.tls.kind)(context);
    return end_workers();
  }

 private:
  struct Worker {
    Child process;
    Fd channel;
    bool is_missing = false;
    std::uint64_t starts_before = 0;  ///< its page's count when it was forked
    unsigned failures = 0;            ///< deaths in a row before it was ready
  };

  // Who chooses among the workers' listeners, unless the kernel's hash does.
  void make_group() {
    const Policy policy = policy_of(setup_.mode, setup_.config.policy);
    if (!listens_per_worker(setup_.mode, setup_.address) || policy == Policy::hash) return;
    group_.emplace(policy, setup_.config.workers);
    for (unsigned index = 0; index < workers_.size(); ++index) {
      shared_.push_back(group_->load_memory(index));
    }
  }

  // Before the first fork. Never unmapped: it goes with the processes.
  void map_shared() {
    const std::size_t bytes = setup_.mode.shared_bytes;
    if (bytes == 0) return;
    void* const memory = mmap(nullptr, bytes * workers_.size(), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw_errno("mmap of memory shared with workers");
    for (std::size_t index = 0; index < workers_.size(); ++index) {
      shared_.emplace_back(static_cast<std::byte*>(memory) + index * bytes, bytes);
    }
  }

  void start_worker(unsigned index) {
    Worker& worker = workers_[index];
    ChannelPair pair = make_channel();
    if (worker.channel.is_open()) {
      // Under the old number: what is sent from here on goes to the new one.
      check(dup3(pair.master.get(), worker.channel.get(), O_CLOEXEC), "dup3");
      pair.master.close();
    } else {
      worker.channel = std::move(pair.master);
    }
    // The worker's only: one more reference would keep a dead worker's queue alive.
    Fd listener;
    if (listens_per_worker(setup_.mode, setup_.address)) {
      Fd& first = setup_.listeners[index];
      listener = first.is_open() ? std::move(first) : make_listener(setup_.address, true);
      if (group_) group_->admit(index, listener.get());
    } else if (setup_.mode.workers_listen) {
      const int shared = setup_.listeners.front().get();
      listener = Fd{Adopt{}, check(fcntl(shared, F_DUPFD_CLOEXEC, 0), "dup of the listener")};
    }
    worker.starts_before = page_of(index).starts.get();
    const std::string name = "urb-worker-" + std::to_string(index);
    worker.process = Child{name.c_str(), SIGKILL, [&] {
                             return run_worker(index, pair.worker.get(),
                                               listener.is_open() ? listener.get() : -1);
                           }};
    worker.is_missing = false;
  }

  // Clients, siblings' channels, listener, ring: nothing of the master's may live on in a worker.
  int run_worker(unsigned index, int channel, int listener) noexcept {
    close_all_but(std::array{channel, listener, setup_.report_fd});
    return run_worker_process({setup_.mode, setup_.config, index, channel, listener,
                               shared_.empty() ? std::span<std::byte>{} : shared_[index],
                               page_of(index), setup_.report_fd});
  }

  void report_ready() const {
    ProcessMessage report;
    report.is_master = true;
    report.pid = getpid();
    write_message(setup_.report_fd, report);
  }

  WorkerWatch look_after_workers() noexcept {
    WorkerWatch watch;
    changes_.clear();
    for (unsigned index = 0; index < workers_.size(); ++index) {
      Worker& worker = workers_[index];
      if (!worker.is_missing) {
        const std::optional<int> status = worker.process.wait(Nanos{0});
        if (!status) continue;
        record_death(index, *status);
        changes_.push_back({index, false});
      }
      if (is_hopeless_) continue;
      try {
        start_worker(index);
        changes_.push_back({index, true});
      } catch (const std::exception&) {
        watch.next_look = monotonic_now() + kRetryAfter;
      }
    }
    watch.changes = changes_;
    watch.is_hopeless = is_hopeless_;
    return watch;
  }

  void record_death(unsigned index, int status) noexcept {
    Worker& worker = workers_[index];
    Counters& page = page_of(index);
    worker.is_missing = true;
    setup_.pages[0]->workers_lost.add();
    // Its connections are closed, though nobody is left to count them.
    page.connections_closed.add(page.connections_opened.get() - page.connections_closed.get());
    const bool was_ready = page.starts.get() != worker.starts_before;
    worker.failures = was_ready ? 0 : worker.failures + 1;
    // One that could not start has said why, and the next could not either.
    const bool was_killed = status >= 128;
    if (!was_ready && (!was_killed || worker.failures == kFailuresMax)) is_hopeless_ = true;

    ProcessMessage report;
    report.kind = ProcessMessage::Kind::lost;
    report.worker_index = index;
    report.pid = worker.process.pid();
    std::snprintf(report.text, sizeof report.text, "%s%s", describe_ending(status).c_str(),
                  was_ready ? "" : likely_cause_of(status).data());
    write_message(setup_.report_fd, report);
  }

  void stop_workers() noexcept {
    for (const Worker& worker : workers_) worker.process.signal(finish_signal());
  }

  int end_workers() noexcept {
    // To a worker, the end of its channel is the order to finish.
    for (Worker& worker : workers_) worker.channel.close();
    const Nanos deadline = monotonic_now() + setup_.config.grace + kExitTime;
    int status = is_hopeless_ ? 1 : 0;
    for (Worker& worker : workers_) {
      if (worker.process.wait(deadline).value_or(1) != 0) status = 1;
    }
    return status;  // the destructor kills what is left
  }

  [[nodiscard]] Counters& page_of(unsigned worker) noexcept { return *setup_.pages[1 + worker]; }

  MasterSetup& setup_;
  std::vector<Worker> workers_;
  std::vector<WorkerChange> changes_;
  std::vector<std::span<std::byte>> shared_;
  std::optional<ListenerGroup> group_;
  bool is_hopeless_ = false;
};

}  // namespace

int run_master_process(MasterSetup setup) noexcept {
  try {
    return Master{setup}.run();
  } catch (const std::exception& cause) {
    write_message(setup.report_fd, make_failure_message(cause));
    return 1;
  }
}

}  // namespace urb
