// What surrounds every role in its process: the ring, the control signals, the grace period.
#pragma once

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <type_traits>

#include "mode/burn.hpp"
#include "mode/mode.hpp"
#include "uring/event_loop.hpp"
#include "uring/ring.hpp"

namespace urb {

/// Owner id of the host's own tokens; roles number theirs from 1.
inline constexpr std::uint8_t kHostOwner = 0;

/// A role with its control signals, itself a role for the event loop.
template <class R, class Context>
class RoleHost {
 public:
  RoleHost(Ring& ring, R& role, Context& context) : ring_{ring}, role_{role}, context_{context} {}

  void start() {
    read_control();
    role_.start();
    ring_.submit();
    context_.on_ready();
  }
  void on_completion(const Completion& done) noexcept {
    if (done.token.owner != kHostOwner) return role_.on_completion(done);
    if (done.result == sizeof signal_) on_signal();
    if (!role_.is_idle()) read_control();
  }
  void on_batch_end(Nanos now) noexcept {
    role_.on_batch_end(now);
    // A worker stops when its channel ends, without a signal: its grace begins here.
    if constexpr (requires { role_.must_stop(); }) {
      if (role_.must_stop()) begin_stop();
    }
    burn_.on_batch_end();
    context_.counters.ring_enters.set(before_.ring_enters + ring_.counters().enter_count);
    context_.counters.ring_sqes.set(before_.ring_sqes + ring_.counters().sqe_count);
    context_.counters.cq_overflowed.set(before_.cq_overflowed + ring_.counters().cq_overflow_count);
    context_.counters.features.set(ring_.counters().used.bits());
  }
  [[nodiscard]] Nanos next_deadline() noexcept {
    return std::min({role_.next_deadline(), grace_ends_, next_look_});
  }
  void on_deadline(Nanos now) noexcept {
    role_.on_deadline(now);
    if (now >= next_look_) look_after_workers();
    if (now < grace_ends_) return;
    grace_ends_ = kNever;
    role_.cut_off();
  }
  void begin_stop() noexcept {
    if (stopping_) return;
    stopping_ = true;
    grace_ends_ = monotonic_now() + context_.config.grace;
    role_.begin_stop();
  }
  void cut_off() noexcept { role_.cut_off(); }
  [[nodiscard]] bool is_idle() noexcept { return role_.is_idle(); }

 private:
  // Only a master has workers to look after, and only workers burn for the tests.
  static constexpr bool kIsMaster = std::is_same_v<Context, MasterContext>;

  void read_control() noexcept {
    io_uring_prep_read(ring_.sqe({kHostOwner, 0, 0, 0}), context_.control, &signal_, sizeof signal_,
                       0);
  }
  void on_signal() noexcept {
    if constexpr (kIsMaster) {
      if (signal_.ssi_signo == SIGTERM) begin_stop();
      if (signal_.ssi_signo == SIGCHLD) look_after_workers();
    } else {
      // From anybody else it is no order.
      if (signal_.ssi_pid == static_cast<std::uint32_t>(getppid())) begin_stop();
    }
  }
  void look_after_workers() noexcept {
    if constexpr (kIsMaster) {
      next_look_ = kNever;
      if (stopping_) return;
      // What names a dead worker's channel goes to that, not to the next one under its number.
      ring_.submit();
      const WorkerWatch watch = context_.look_after_workers();
      for (const WorkerChange& change : watch.changes) {
        if (change.is_back) {
          role_.on_worker_back(change.worker);
        } else {
          role_.on_worker_lost(change.worker);
        }
      }
      next_look_ = watch.next_look;
      if (watch.is_hopeless) begin_stop();
    }
  }

  Ring& ring_;
  R& role_;
  Context& context_;
  // A replaced worker goes on counting where the dead one stopped.
  const Counts before_{context_.counters};
  Burn burn_{kIsMaster ? 0 : context_.config.faults.burn_percent};
  signalfd_siginfo signal_{};
  Nanos grace_ends_ = kNever;
  Nanos next_look_ = kNever;
  bool stopping_ = false;
};

/// Runs role R in this process until it is idle: the body of Mode::run_master and run_worker.
template <class R, class Context>
void host_role(Context& context) {
  Ring ring;
  // Linked splices run in them. Nothing else should; the bound holds if a kernel thinks otherwise.
  ring.limit_kernel_threads(std::max(1U, std::thread::hardware_concurrency() / 2));
  if (context.iowq_cpu) ring.pin_kernel_threads(*context.iowq_cpu);
  R role{ring, context};
  RoleHost<R, Context> host{ring, role, context};
  host.start();
  run_event_loop(ring, host);
  // What is left is the control read; after it, the role's memory is nobody's but ours.
  ring.drain();
}

}  // namespace urb
