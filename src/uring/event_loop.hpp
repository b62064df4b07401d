// The loop of every process: collect a batch of completions, dispatch it, submit, wait.
#pragma once

#include <array>
#include <concepts>

#include "base/clock.hpp"
#include "uring/completion.hpp"
#include "uring/ring.hpp"

namespace urb {

/// What a loop drives: the same verbs in every mode and in both processes, dispatched statically.
template <class R>
concept Role = requires(R role, const Completion& done, Nanos now) {
  { role.start() } -> std::same_as<void>;  // queue the first SQEs; may throw
  { role.on_completion(done) }
  noexcept->std::same_as<void>;
  { role.on_batch_end(now) }
  noexcept->std::same_as<void>;  // flush what the batch gathered
  { role.next_deadline() }
  noexcept->std::same_as<Nanos>;  // kNever when there is none
  { role.on_deadline(now) }
  noexcept->std::same_as<void>;  // expire what is due
  { role.begin_stop() }
  noexcept->std::same_as<void>;  // stop accepting, finish the rest
  { role.cut_off() }
  noexcept->std::same_as<void>;  // the grace is over: finish nothing
  { role.is_idle() }
  noexcept->std::same_as<bool>;  // stopped and finished: may end
};

/// Runs `role` until it is idle. The completions are copied out before the first handler runs, so
/// a handler that submits cannot be re-entered.
template <Role R>
void run_event_loop(Ring& ring, R& role) noexcept {
  std::array<Completion, 256> batch;
  while (!role.is_idle()) {
    ring.submit_and_wait(ring.has_completions() ? Nanos{0} : role.next_deadline());
    const std::size_t count = ring.collect(batch);
    for (std::size_t index = 0; index < count; ++index) role.on_completion(batch[index]);
    const Nanos now = monotonic_now();
    if (role.next_deadline() <= now) role.on_deadline(now);
    role.on_batch_end(now);
  }
}

}  // namespace urb
