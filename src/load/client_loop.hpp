// The part of the client that faces the loop: plan, deadlines, progress, stop.
#pragma once

#include <sys/socket.h>

#include <algorithm>

#include "base/assert.hpp"
#include "load/client.hpp"

namespace urb {
template <class Wire>
BasicClient<Wire>::BasicClient(Ring& ring, const LoadOptions& options, RequestSet& requests,
                               Plan& plan, LoadResult& result, const LoadHooks& hooks,
                               const std::atomic<bool>& stop)
    : operations_{ring, kOwner},
      options_{options},
      requests_{requests},
      plan_{plan},
      result_{result},
      hooks_{hooks},
      stop_{stop},
      receive_arena_{
          std::make_unique_for_overwrite<std::byte[]>(options.connections * kReceiveBytes)},
      short_receive_arena_{
          std::make_unique_for_overwrite<std::byte[]>(options.connections * kShortReceiveBytes)},
      prefix_arena_(options.expected_text.empty() && options.mix_texts.empty()
                        ? 0
                        : options.connections * kPrefixBytes),
      send_flags_{MSG_NOSIGNAL | (ring.use(Feature::send_waitall) ? MSG_WAITALL : 0)},
      first_receive_flags_{kernel_features().has(Feature::recv_multishot)
                               ? std::uint16_t{IORING_RECVSEND_POLL_FIRST}
                               : std::uint16_t{0}},
      is_head_method_{options.method == "HEAD"},
      shared_{options} {
  connections_.reserve(options.connections);
  unsigned workers = 0;
  for (const Route& route : options.routes) workers = std::max(workers, route.worker + 1);
  result.requests_by_worker.resize(workers);
  for (std::uint32_t index = 0; index < options.connections; ++index) {
    std::span<char> prefix;
    if (!prefix_arena_.empty()) {
      prefix = {prefix_arena_.data() + index * kPrefixBytes, kPrefixBytes};
    }
    auto conn = std::make_unique<Connection>(prefix);
    conn->slot_index = index;
    connections_.push_back(std::move(conn));
  }
}

template <class Wire>
void BasicClient<Wire>::start() {
  const Nanos now = monotonic_now();
  plan_.begin(now);
  next_tick_ = now + kTick;
  if (options_.verify == Verify::none) return begin_load(now);
  unverified_count_ = connections_.size();
  for (const auto& conn : connections_) start_next(*conn, now);
}

template <class Wire>
void BasicClient<Wire>::begin_load(Nanos now) noexcept {
  progress_ = Progress::running;
  plan_.begin(now);
  advance_plan(now);  // without a warm-up the window begins before the first request
  for (const auto& conn : connections_) {
    if (conn->state == State::waiting) start_next(*conn, now);
  }
}

template <class Wire>
typename BasicClient<Wire>::Connection* BasicClient<Wire>::find(Token token) noexcept {
  URB_ASSERT(token.owner == kOwner);
  if (token.slot_index >= connections_.size()) return nullptr;
  Connection& conn = *connections_[token.slot_index];
  return conn.generation == token.generation ? &conn : nullptr;
}

template <class Wire>
void BasicClient<Wire>::on_completion(const Completion& done) noexcept {
  Connection* const conn = find(done.token);
  const Op op = operations_.op_of(done);
  if (conn == nullptr || !conn->in_flight.has(op)) {
    ++late_count_;
    return;
  }
  operations_.finish(*conn, done);
  if (conn->state == State::aborting) {
    close_if_drained(*conn);
    return;
  }
  switch (op) {
    case Op::connect: on_connect(*conn, done.result); break;
    case Op::send: on_send(*conn, done.result); break;
    case Op::receive: on_receive(*conn, done.result); break;
  }
}

template <class Wire>
void BasicClient<Wire>::on_batch_end(Nanos now) noexcept {
  if (progress_ == Progress::stopping) return;
  if (stop_.load(std::memory_order_relaxed)) {
    interrupt(now);
    return;
  }
  // The loop wakes for every tick. So a late tick says how long this process did not run.
  if (plan_.phase() == Plan::Phase::window) stall_watch_.note(next_tick_, now);
  if (progress_ != Progress::verifying) {
    advance_plan(now);
  } else if (unverified_count_ == 0) {
    // Nothing that such a server does is worth measuring.
    result_.errors.total() == 0 ? begin_load(now) : begin_stop();
  }
  if (now >= next_tick_) report_progress(now);
  if (now >= drained_by_) begin_stop();
}

template <class Wire>
void BasicClient<Wire>::advance_plan(Nanos now) noexcept {
  if (plan_.is_warmup_done(now) && may_begin_window(now)) {
    if (hooks_.on_window_begin) hooks_.on_window_begin();
    // The hook reads clocks of other processes. The time that this takes is not in the window.
    const Nanos after = monotonic_now();
    plan_.begin_window(after, after - now);
    next_tick_ = after + kTick;
    stall_watch_.begin();
  }
  if (!plan_.is_window_done(now)) return;
  end_load(now);
  begin_drain(now);
}

template <class Wire>
bool BasicClient<Wire>::may_begin_window(Nanos now) noexcept {
  if (!hooks_.may_begin_window) return true;
  if (now < next_gate_tick_) return false;
  next_gate_tick_ = now + kGateTick;
  return hooks_.may_begin_window();
}

template <class Wire>
void BasicClient<Wire>::report_progress(Nanos now) noexcept {
  next_tick_ = now + kTick;
  const bool goes_on =
      !hooks_.on_progress || hooks_.on_progress(plan_.since_begin(now), result_.total_requests);
  if (!goes_on) interrupt(now);
}

template <class Wire>
void BasicClient<Wire>::interrupt(Nanos now) noexcept {
  result_.interrupted = true;
  if (progress_ == Progress::running) end_load(now);
  begin_stop();
}

template <class Wire>
void BasicClient<Wire>::end_load(Nanos now) noexcept {
  const bool had_window = plan_.phase() == Plan::Phase::window;
  plan_.end(now);
  result_.elapsed = plan_.window_length(now);
  result_.missed = plan_.missed();
  result_.unsent = plan_.unsent();
  if (had_window) result_.stalled = stall_watch_.total();
  if (had_window && hooks_.on_window_end) hooks_.on_window_end();
}

template <class Wire>
void BasicClient<Wire>::begin_drain(Nanos now) noexcept {
  progress_ = Progress::draining;
  drained_by_ = now + std::min(options_.request_timeout, options_.drain_timeout);
  for (const auto& conn : connections_) {
    // Still connecting, it has sent nothing that a server could have counted.
    if (conn->state != State::waiting && conn->state != State::connecting &&
        conn->state != State::handshaking) {
      continue;
    }
    conn->deadline = kNever;
    if (conn->socket.is_open()) begin_abort(*conn);
  }
}

template <class Wire>
Nanos BasicClient<Wire>::next_deadline() noexcept {
  if (progress_ == Progress::stopping) return earliest_deadline_;
  if (progress_ == Progress::verifying) return std::min(earliest_deadline_, next_tick_);
  const Nanos planned = free_.front() == nullptr ? kNever : plan_.next_start(kNever);
  // The end of the warm-up is over while somebody else has yet to let the window begin.
  const Nanos change = std::max(plan_.next_change(), next_gate_tick_);
  return std::min({earliest_deadline_, change, next_tick_, drained_by_, planned});
}

template <class Wire>
void BasicClient<Wire>::set_deadline(Connection& conn, Nanos deadline) noexcept {
  conn.deadline = deadline;
  // It is only lowered here, and on_deadline finds the true one. So deadlines that are met cost
  // only one look at all connections in the time that one of them would have run.
  earliest_deadline_ = std::min(earliest_deadline_, deadline);
}

template <class Wire>
void BasicClient<Wire>::start_planned(Nanos now) noexcept {
  while (free_.front() != nullptr) {
    const Nanos planned = plan_.next_start(now);
    if (planned > now) return;
    if (plan_.phase() == Plan::Phase::window) result_.lateness.record(now - planned);
    start_next(*free_.pop_front(), now);
  }
}

template <class Wire>
void BasicClient<Wire>::on_deadline(Nanos now) noexcept {
  start_planned(now);
  if (now < earliest_deadline_) return;  // on_batch_end handles the plan's and the tick's
  earliest_deadline_ = kNever;
  for (const auto& conn : connections_) {
    if (conn->deadline <= now) expire(*conn, now);
    earliest_deadline_ = std::min(earliest_deadline_, conn->deadline);
  }
}

template <class Wire>
void BasicClient<Wire>::expire(Connection& conn, Nanos now) noexcept {
  conn.deadline = kNever;
  switch (conn.state) {
    case State::waiting: start_next(conn, now); break;
    case State::connecting: fail(conn, Failure::timeout, "no connection in time"); break;
    case State::exchanging: fail(conn, Failure::timeout, "no complete response in time"); break;
    case State::finishing:
      ++result_.missing_closes;
      begin_abort(conn);
      break;
    case State::aborting: break;
    case State::handshaking: fail(conn, Failure::timeout, "no TLS handshake in time"); break;
  }
}

template <class Wire>
void BasicClient<Wire>::begin_stop() noexcept {
  progress_ = Progress::stopping;
  drained_by_ = kNever;
  earliest_deadline_ = kNever;
  for (const auto& conn : connections_) {
    conn->deadline = kNever;
    if (conn->in_request) ++result_.unfinished;
    if (conn->socket.is_open() && conn->state != State::aborting) begin_abort(*conn);
  }
}

template <class Wire>
void BasicClient<Wire>::note_error(Failure failure, std::string_view text) noexcept {
  LoadErrors& errors = result_.errors;
  switch (failure) {
    case Failure::connect: ++errors.connect; break;
    case Failure::io: ++errors.io; break;
    case Failure::status: ++errors.status; break;
    case Failure::framing: ++errors.framing; break;
    case Failure::content: ++errors.content; break;
    case Failure::timeout: ++errors.timeout; break;
  }
  if (result_.first_error.empty()) result_.first_error = text;
}

}  // namespace urb
