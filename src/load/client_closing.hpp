// How one connection of the client ends: by the server between requests, by the last answer, by a
// failure.
//
// A connection that waits for its next request has its receive in flight already. So the client
// sees the server's close. The request then takes this receive for its answer.
#pragma once

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "load/client.hpp"

namespace urb {
template <class Wire>
void BasicClient<Wire>::set_reset_on_close(int socket) noexcept {
  const linger now{1, 0};
  // If it fails, close() sends what is queued and then a FIN. That is slower, not wrong.
  [[maybe_unused]] const int result = setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

template <class Wire>
void BasicClient<Wire>::watch_idle(Connection& conn) noexcept {
  // A connection that was verified has been watched since.
  if (conn.socket.is_open() && !conn.in_flight.has(Op::receive)) queue_receive(conn);
}

template <class Wire>
void BasicClient<Wire>::on_idle_end(Connection& conn, int result) noexcept {
  if (result > 0) {
    note_error(Failure::framing, "bytes from the server that no request had asked for");
  } else {
    // A server may close what is idle, and a reset is a way to close. The slot's next request opens
    // a new connection.
    ++result_.idle_closes;
  }
  if constexpr (Wire::kIsTls) {
    if (!conn.in_flight.none()) return begin_abort(conn);
  }
  close_socket(conn);
}

template <class Wire>
void BasicClient<Wire>::begin_finish(Connection& conn, Nanos now) noexcept {
  if constexpr (Wire::kIsTls) {
    // Something that TLS had to say is on its way, and names memory of the connection.
    if (conn.in_flight.has(Op::send)) return begin_abort(conn);
  }
  if (conn.peer_closed) {
    close_socket(conn);
    start_next(conn, now);
    return;
  }
  if (conn.parser.head().keep_alive) {
    // It was asked to close, but has announced to keep the connection. To wait for its close would
    // measure the wait. A reset leaves TIME_WAIT on neither side.
    ++result_.ignored_closes;
    set_reset_on_close(conn.socket.get());
    close_socket(conn);
    start_next(conn, now);
    return;
  }
  // The server closes first, so that TIME_WAIT is on its side. On ours it would hold one of 28,000
  // ephemeral ports for a minute.
  conn.state = State::finishing;
  conn.finishing_since = now;
  set_deadline(conn, now + kFinishTimeout);
  answer_end(conn);
  queue_receive(conn);
}

template <class Wire>
void BasicClient<Wire>::on_finishing(Connection& conn, int result) noexcept {
  // A reset is a way to close, too.
  if (result > 0) note_error(Failure::framing, "more bytes than the response should have");
  begin_abort(conn);
}

template <class Wire>
void BasicClient<Wire>::fail_io(Connection& conn, int error, std::string_view text) noexcept {
  if (error == 0) {
    fail(conn, Failure::io, text);
  } else {
    fail(conn, Failure::io, fmt::format("{}: {}", text, std::strerror(error)));
  }
}

template <class Wire>
void BasicClient<Wire>::fail(Connection& conn, Failure failure, std::string_view text) noexcept {
  note_error(failure, text);
  // There is nothing to learn from the answer, since a failed request has no latency.
  static_cast<void>(end_request());
  if (failure == Failure::connect) {
    conn.backoff = std::clamp(conn.backoff * 2, kBackoffMin, kBackoffMax);
  }
  begin_abort(conn);
}

template <class Wire>
void BasicClient<Wire>::begin_abort(Connection& conn) noexcept {
  // What is left of a 4 MiB send buffer would otherwise go out during the next trial.
  const bool is_orderly = conn.state == State::waiting ||
                          (conn.state == State::finishing && !conn.in_flight.has(Op::receive));
  if (conn.socket.is_open() && !is_orderly) set_reset_on_close(conn.socket.get());
  const bool closes_first = conn.state == State::waiting;
  free_.remove(conn);
  conn.state = State::aborting;
  conn.in_request = false;
  conn.deadline = kNever;
  operations_.cancel_all(conn);
  if (closes_first) say_end(conn);
  close_if_drained(conn);
}

template <class Wire>
void BasicClient<Wire>::close_if_drained(Connection& conn) noexcept {
  if (!conn.in_flight.none()) return;
  close_socket(conn);
  conn.state = State::waiting;
  if (progress_ >= Progress::draining) return;
  const Nanos now = monotonic_now();
  if (const Nanos since = std::exchange(conn.finishing_since, kNever); since != kNever) {
    ++result_.awaited_closes;
    result_.close_wait += now - since;
  }
  if (conn.backoff != Nanos{0}) {
    set_deadline(conn, now + conn.backoff);
  } else {
    start_next(conn, now);
  }
}

template <class Wire>
void BasicClient<Wire>::close_socket(Connection& conn) noexcept {
  if (!conn.socket.is_open()) return;
  conn.socket.close();
  if constexpr (Wire::kIsTls) conn.wire = {};
  --open_count_;
}

}  // namespace urb
