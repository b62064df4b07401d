// One connection's side of the client: connect, send and receive. How it ends is in
// client_closing.hpp.
#pragma once

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.hpp"
#include "base/error.hpp"
#include "load/client.hpp"

namespace urb {
template <class Wire>
void BasicClient<Wire>::start_next(Connection& conn, Nanos now) noexcept {
  conn.state = State::waiting;
  switch (progress_) {
    case Progress::verifying:
      if (std::exchange(conn.is_verified, true)) return watch_idle(conn);  // until all of them are
      conn.request = &requests_.verification(conn.slot_index);
      break;
    case Progress::running: {
      const Nanos start_at = plan_.next_start(now);
      if (start_at > now) {
        conn.deadline = kNever;
        if (start_at != kNever) free_.push_back(conn);
        return watch_idle(conn);
      }
      conn.planned_at = plan_.on_start(now);
      conn.request = &requests_.next();
      break;
    }
    case Progress::draining:
    case Progress::stopping:
      if (conn.socket.is_open()) begin_abort(conn);
      return;
  }
  conn.in_request = true;
  conn.sent_bytes = 0;
  conn.send_error = 0;
  conn.response_complete = false;
  conn.started_at = now;
  conn.parser.reset(is_head_method_, conn.request->has_fields());
  set_deadline(conn, now + options_.request_timeout);
  if (conn.socket.is_open()) {
    begin_exchange(conn);
  } else {
    begin_connect(conn);
  }
}

template <class Wire>
void BasicClient<Wire>::begin_connect(Connection& conn) noexcept {
  // Not SOCK_NONBLOCK: io_uring would answer EAGAIN instead of waiting for readiness.
  const int raw = ::socket(options_.target.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (raw < 0) {
    fail(conn, Failure::connect, SysError{"socket", errno, hint_for_errno(errno)}.what());
    return;
  }
  conn.socket = Fd{Adopt{}, raw};
  ++open_count_;
  ++conn.generation;
  conn.peer_closed = false;
  const int on = 1;
  // Without it the last, partial segment of a body waits for the acknowledgement of the others.
  [[maybe_unused]] const int result = setsockopt(raw, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (requests_.largest_body().value > kSendBufferBytes) {
    // If it fails, the load is slower, not wrong.
    [[maybe_unused]] const int bounded =
        setsockopt(raw, SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof kSendBufferBytes);
  }
  conn.state = State::connecting;
  io_uring_prep_connect(operations_.arm(conn, Op::connect), raw, options_.target.raw(),
                        options_.target.raw_bytes());
}

template <class Wire>
void BasicClient<Wire>::begin_exchange(Connection& conn) noexcept {
  conn.state = State::exchanging;
  queue_send(conn);
  // From the start, since a server may refuse a body before it has all of it. Nothing can be there
  // yet, so the kernel need not look first.
  if (!conn.in_flight.has(Op::receive)) queue_receive(conn, first_receive_flags_);
}

template <class Wire>
void BasicClient<Wire>::queue_send(Connection& conn) noexcept {
  if constexpr (Wire::kIsTls) {
    seal_request(conn);
    return flush(conn);
  }
  const RequestPiece piece = conn.request->image.piece_at(conn.sent_bytes);
  io_uring_sqe* const sqe = operations_.arm(conn, Op::send);
  const int socket = conn.socket.get();
  if (piece.message != nullptr) {
    io_uring_prep_sendmsg(sqe, socket, piece.message, static_cast<unsigned>(send_flags_));
  } else {
    io_uring_prep_send(sqe, socket, piece.bytes.data(), piece.bytes.size(), send_flags_);
  }
}

template <class Wire>
void BasicClient<Wire>::queue_receive(Connection& conn, std::uint16_t flags) noexcept {
  const std::size_t room = conn.has_long_answers ? kReceiveBytes : kShortReceiveBytes;
  conn.receive_memory = (conn.has_long_answers ? receive_arena_ : short_receive_arena_).get() +
                        conn.slot_index * room;
  io_uring_sqe* const sqe = operations_.arm(conn, Op::receive);
  io_uring_prep_recv(sqe, conn.socket.get(), conn.receive_memory, room, 0);
  sqe->ioprio = flags;
}

template <class Wire>
void BasicClient<Wire>::on_connect(Connection& conn, int result) noexcept {
  if (result < 0) {
    const std::string call = "connect to " + format_address(options_.target);
    fail(conn, Failure::connect, SysError{call, -result, hint_for_errno(-result)}.what());
    return;
  }
  conn.backoff = Nanos{0};
  if constexpr (Wire::kIsTls) return begin_handshake(conn);
  ++result_.connections;
  // With reuse a connect is rare, and no part of what a request costs.
  if (options_.reuse) conn.started_at = monotonic_now();
  begin_exchange(conn);
}

template <class Wire>
void BasicClient<Wire>::on_send(Connection& conn, int result) noexcept {
  if (result <= 0) {
    // The server may have answered before it closed, and the receive tells that.
    conn.send_error = result == 0 ? EPIPE : -result;
    if (!conn.in_flight.has(Op::receive)) fail_io(conn, conn.send_error, "send");
    return;
  }
  if constexpr (Wire::kIsTls) {
    if (!on_sealed_sent(conn, result)) return;
  }
  conn.sent_bytes += static_cast<unsigned>(result);
  if (conn.sent_bytes < conn.request->image.total_bytes()) {
    queue_send(conn);
  } else if (conn.response_complete) {
    finish_request(conn);
  }
}

template <class Wire>
void BasicClient<Wire>::on_receive(Connection& conn, int result) noexcept {
  // What a handshake brings says nothing about answers.
  const bool is_answer = !Wire::kIsTls || conn.state != State::handshaking;
  const bool is_full = result == static_cast<int>(kShortReceiveBytes);
  conn.has_long_answers = conn.has_long_answers || (is_answer && is_full);
  if constexpr (Wire::kIsTls) {
    if (result > 0 || conn.state == State::handshaking) return on_sealed(conn, result);
  }
  if (conn.state == State::waiting) {
    on_idle_end(conn, result);
  } else if (conn.state == State::finishing) {
    on_finishing(conn, result);
  } else if (result > 0) {
    consume(conn, {conn.receive_memory, static_cast<std::size_t>(result)});
  } else if (result == 0) {
    on_peer_end(conn);
  } else {
    fail_io(conn, -result, "receive");
  }
}

template <class Wire>
void BasicClient<Wire>::on_peer_end(Connection& conn) noexcept {
  conn.peer_closed = true;
  if (conn.parser.parse_end() == http::ParseStatus::message_complete) {
    complete_response(conn);
  } else if (conn.send_error != 0) {
    fail_io(conn, conn.send_error, "send");
  } else {
    fail(conn, Failure::io,
         conn.parser.has_begun() ? "connection closed in the middle of a response"
                                 : "connection closed before the response");
  }
}

template <class Wire>
void BasicClient<Wire>::consume(Connection& conn, std::span<const std::byte> bytes) noexcept {
  while (true) {
    const http::ParseStep step = conn.parser.parse(bytes);
    bytes = bytes.subspan(step.consumed);
    switch (step.status) {
      case http::ParseStatus::head_complete: continue;
      case http::ParseStatus::need_more: queue_receive(conn); return;
      case http::ParseStatus::error: fail(conn, Failure::framing, conn.parser.error_text()); return;
      case http::ParseStatus::message_complete:
        if (bytes.empty()) {
          complete_response(conn);
        } else {
          fail(conn, Failure::framing, "more bytes than the response should have");
        }
        return;
    }
  }
}

}  // namespace urb
