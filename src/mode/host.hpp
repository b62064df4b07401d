// What surrounds every role in its process: the ring, the control signals, the grace period.
#pragma once

#include <signal.h>
#include <sys/signalfd.h>

#include <algorithm>

#include "mode/mode.hpp"
#include "uring/event_loop.hpp"
#include "uring/ring.hpp"

namespace urb {

/// Owner id of the host's own tokens; roles number theirs from 1.
inline constexpr std::uint8_t kHostOwner = 0;

/// A role with its control signals, itself a role for the event loop.
template <class R>
class Host {
 public:
  Host(Ring& ring, R& role, ProcessContext& context)
      : ring_{ring}, role_{role}, context_{context} {}

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
    if constexpr (requires { role_.is_stopping(); }) {
      if (role_.is_stopping()) begin_stop();
    }
    context_.counters.ring_enters.set(ring_.counters().enter_count);
    context_.counters.ring_sqes.set(ring_.counters().sqe_count);
    context_.counters.cq_overflows.set(ring_.cq_overflow_count());
  }
  [[nodiscard]] Nanos next_deadline() noexcept {
    return std::min(role_.next_deadline(), grace_ends_);
  }
  void on_deadline(Nanos now) noexcept {
    role_.on_deadline(now);
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
  void read_control() noexcept {
    io_uring_prep_read(ring_.sqe({kHostOwner, 0, 0, 0}), context_.control, &signal_, sizeof signal_,
                       0);
  }
  void on_signal() noexcept {
    const bool lost_worker = signal_.ssi_signo == SIGCHLD && context_.has_lost_worker();
    if (lost_worker || signal_.ssi_signo == SIGTERM) begin_stop();
  }

  Ring& ring_;
  R& role_;
  ProcessContext& context_;
  signalfd_siginfo signal_{};
  Nanos grace_ends_ = kNever;
  bool stopping_ = false;
};

/// Runs role R in this process until it is idle: the body of Mode::run_master and run_worker.
template <class R, class Context>
void host_role(Context& context) {
  Ring ring;
  if (context.cpu) ring.pin_kernel_threads(*context.cpu);
  R role{ring, context};
  Host<R> host{ring, role, context};
  host.start();
  run_event_loop(ring, host);
  // What is left is the control read; after it, the role's memory is nobody's but ours.
  ring.drain();
}

}  // namespace urb
