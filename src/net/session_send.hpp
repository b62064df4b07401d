// Answers on their way.
//
// A send takes what the socket takes. A client that does not read waits for a poll, and holds no
// buffer meanwhile: what it has pipelined is copied out, a buffer's worth at most, or what had come
// before its receive was stopped (provided).
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "net/session.hpp"

namespace urb {

template <class Wire>
void BasicSessionPool<Wire>::queue_continue(Connection& connection) noexcept {
  if constexpr (Wire::kIsTls) {
    connection.wire.tls->send(std::as_bytes(std::span{http::kContinue}));
    connection.wire.sealed = http::kContinue.size();
    return flush(connection);
  }
  connection.socket.prep_send(operations_.arm(connection, Op::send), http::kContinue);
}

template <class Wire>
void BasicSessionPool<Wire>::queue_send(Connection& connection) noexcept {
  if constexpr (Wire::kIsTls) {
    seal_answer(connection);
    return flush(connection);
  }
  io_uring_sqe* const sqe = operations_.arm(connection, Op::send);
  Work& work = *connection.work;
  char* const head = work.response.data() + work.head_begin;
  const std::size_t head_bytes = work.head_end - work.head_begin;
  if (work.body_bytes == 0) return connection.socket.prep_send(sqe, {head, head_bytes});
  work.parts[0] = {head, head_bytes};
  work.parts[1] = {filler_.data(), std::min<std::uint64_t>(work.body_bytes, filler_.size())};
  work.message = {};
  work.message.msg_iov = work.parts.data();
  work.message.msg_iovlen = work.parts.size();
  connection.socket.prep_sendmsg(sqe, work.message);
}

template <class Wire>
void BasicSessionPool<Wire>::on_send(Connection& connection, int result) noexcept {
  const bool is_given_up = Wire::kIsKernel && connection.state == State::leaving;
  if (connection.state == State::closing || is_given_up) return finish_departure(connection);
  if constexpr (Wire::kIsTls) {
    if (!on_sealed_sent(connection, result)) return;
  }
  if (connection.state == State::continuing) {
    // Without room for it the client does without: it has not read the answers before.
    const bool is_whole = result == static_cast<int>(http::kContinue.size()) || result == -EAGAIN;
    if (!is_whole) return begin_close(connection);
    connection.state = State::reading;
    return advance(connection);
  }
  if (result < 0 && result != -EAGAIN && result != -EINTR) {
    counters_.connection_resets.add();
    return begin_close(connection);
  }
  Work& work = *connection.work;
  const auto sent = static_cast<std::uint64_t>(std::max(result, 0));
  const std::uint64_t of_head = std::min<std::uint64_t>(sent, work.head_end - work.head_begin);
  work.head_begin += static_cast<std::uint32_t>(of_head);
  const std::uint64_t asked = std::min<std::uint64_t>(work.body_bytes, filler_.size());
  work.body_bytes -= sent - of_head;
  const bool head_is_sent = work.head_begin == work.head_end;
  if (head_is_sent && work.body_bytes == 0) return finish_response(connection);
  if (sent != 0) go_on_sending(connection);
  if (head_is_sent && sent - of_head == asked) return queue_send(connection);
  wait_for_client(connection);
}

template <class Wire>
void BasicSessionPool<Wire>::wait_for_client(Connection& connection) noexcept {
  if (!Wire::kIsTls || connection.state == State::responding) {
    connection.park_input();
    // provided: what comes now takes nobody's buffer.
    operations_.cancel(connection, Op::read);
  }
  connection.write_wait.prep(operations_.arm(connection, Op::wait), connection.socket);
}

template <class Wire>
void BasicSessionPool<Wire>::on_wait(Connection& connection, const Completion& done) noexcept {
  if (connection.state == State::closing) return finish_departure(connection);
  const bool can_leave = Wire::kIsTls || Wire::kIsKernel;
  if (can_leave && connection.state == State::leaving) return finish_departure(connection);
  switch (connection.write_wait.on_completion(done)) {
    case WriteWait::Step::wait: return;
    case WriteWait::Step::cancel: return operations_.cancel(connection, Op::wait);
    case WriteWait::Step::again: return wait_for_client(connection);
    case WriteWait::Step::go_on: return queue_send(connection);
    case WriteWait::Step::fail: counters_.connection_resets.add(); return begin_close(connection);
  }
}

// The client has made room for more. What the socket holds is then as much as at some look before,
// so that the next look has nothing to be held against.
template <class Wire>
void BasicSessionPool<Wire>::go_on_sending(Connection& connection) noexcept {
  connection.untaken = kUnknown;
  deadlines_.arm(connection, kBodyDeadline, ring_.now());
}

// A client that reads slowly takes bytes out of the socket long before there is room for a send:
// that is progress. True when the deadline goes on, or the look that decides is on its way. The
// first look behind a send has nothing to be held against: it counts as progress.
template <class Wire>
bool BasicSessionPool<Wire>::try_look(Connection& connection) noexcept {
  if (connection.state != State::responding || !connection.in_flight.has(Op::wait)) return false;
  if (!connection.socket.is_direct()) {
    const std::uint64_t untaken = untaken_bytes(connection.socket.fd());
    if (std::exchange(connection.untaken, untaken) == untaken) return false;
    deadlines_.arm(connection, kBodyDeadline, ring_.now());
    return true;
  }
  if (!ring_.use(Feature::socket_command)) return false;  // 6.7; before, such a client is cut off
  connection.socket.prep_count_untaken(operations_.arm(connection, Op::look));
  return true;
}

template <class Wire>
void BasicSessionPool<Wire>::on_look(Connection& connection, int result) noexcept {
  if (connection.state == State::closing || connection.state == State::leaving) {
    return finish_departure(connection);
  }
  // It has gone on meanwhile, and has a deadline again.
  if (connection.state != State::responding || connection.deadline.is_armed()) return;
  const auto untaken = static_cast<std::uint64_t>(std::max(result, 0));
  if (result < 0 || std::exchange(connection.untaken, untaken) == untaken) {
    return begin_close(connection);
  }
  deadlines_.arm(connection, kBodyDeadline, ring_.now());
}

}  // namespace urb
