// The HTTP side of a connection: from bytes to steps, from steps to responses. Only the two files
// that make sessions of it include this.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "net/session.hpp"

namespace urb {

template <class Wire>
BasicSessionPool<Wire>::BasicSessionPool(Ring& ring, std::uint8_t owner,
                                         LingeringClose& lingering_close, Counters& counters,
                                         const SessionOptions& options)
    : ring_{ring},
      operations_{ring, owner},
      lingering_close_{lingering_close},
      counters_{counters},
      options_{options},
      pool_{ring,
            {options.buffers, is_provided(options.buffers) ? kRingBufferCount : kFixedBufferCount,
             kBufferBytes,
             /*group_id=*/0}},
      deadlines_{deadlines_of(options)},
      connections_{options.connection_capacity},
      filler_(kFillerBytes, std::byte{'x'}),
      pid_{getpid()},
      shared_{ring, options.tls} {
  static_assert(sizeof(Connection) <= 320 + sizeof(typename Wire::Connection),
                "of idle connections there are many");
}

template <class Wire>
void BasicSessionPool<Wire>::adopt(Socket socket, BufferLease prefix, std::size_t begin,
                                   std::size_t end) noexcept {
  counters_.connections_opened.add();
  Connection* const connection = connections_.try_emplace();
  if (connection == nullptr) {  // dropped, like a connection that no descriptor was left for
    counters_.connections_closed.add();
    counters_.slots_exhausted.add();
    counters_.accept_errors.add();
    return;
  }
  connection->socket = std::move(socket);
  if constexpr (Wire::kIsTls) {
    return begin_handshake(*connection, std::move(prefix), begin, end);
  }
  connection->prefix.push(std::move(prefix), begin, end);
  advance(*connection);
}

template <class Wire>
void BasicSessionPool<Wire>::begin_work(Connection& connection) noexcept {
  if (connection.work) return;
  if (idle_work_.empty()) {
    connection.work = std::make_unique<Work>(options_.limits);
  } else {
    connection.work = std::move(idle_work_.back());
    idle_work_.pop_back();
  }
}

template <class Wire>
void BasicSessionPool<Wire>::end_work(Connection& connection) noexcept {
  if (!connection.work) return;
  connection.work->parser.restart();
  idle_work_.push_back(std::move(connection.work));
}

template <class Wire>
void BasicSessionPool<Wire>::advance(Connection& connection) noexcept {
  bool head_only = false;  // the parser owes the end of a message that has no body
  while (connection.state == State::reading) {
    if (!connection.has_input() && !head_only) break;
    begin_work(connection);
    http::RequestParser& parser = connection.work->parser;
    std::span<const std::byte> front = connection.front();
    if (options_.faults.spoil_bodies()) {
      front = spoiled_.make(front, parser, options_.faults);
    }
    const http::ParseStep step = parser.parse(front);
    connection.consume(step.consumed);
    head_only = false;
    switch (step.status) {
      case http::ParseStatus::need_more: break;
      case http::ParseStatus::head_complete:
        head_only = !parser.head().has_body();
        if (!head_only) on_head(connection);
        break;
      case http::ParseStatus::message_complete: respond(connection); break;
      case http::ParseStatus::error:  // the connection may be gone after it
        return leave(connection, parser.error_status());
    }
  }
  if (connection.state != State::reading) return;
  const bool between_requests = !connection.in_message();
  if (between_requests) end_work(connection);
  if (connection.peer_ended || (stopping_ && between_requests)) {
    if (!between_requests) counters_.connection_resets.add();
    begin_close(connection);
    return;
  }
  renew_deadline(connection);
  update_low_water(connection);
  want_read(connection, false);
}

template <class Wire>
void BasicSessionPool<Wire>::on_head(Connection& connection) noexcept {
  // Only a client that waits needs the interim response, and only before any byte of its body.
  if (!connection.work->parser.head().expect_continue) return;
  if (connection.has_input()) return;
  connection.state = State::continuing;
  queue_continue(connection);
}

template <class Wire>
void BasicSessionPool<Wire>::respond(Connection& connection) noexcept {
  Work& work = *connection.work;
  const http::RequestParser& parser = work.parser;
  const http::RequestHead& head = parser.head();
  connection.keep_alive = head.keep_alive && !stopping_;
  counters_.requests.add();
  counters_.request_body_bytes.add(parser.body_bytes());

  http::Receipt receipt{options_.mode, options_.worker_index, pid_, parser.body_bytes(), {}, {}};
  if (receipt.body_bytes != 0) receipt.body_digest = parser.body_digest();
  if (head.verify_crc32c) receipt.crc32c = parser.body_crc32c();
  http::ResponseOptions response{head.http11, connection.keep_alive, head.is_head_method,
                                 head.response_bytes};
  if (!response.body_bytes && options_.response_bytes.value != 0) {
    response.body_bytes = options_.response_bytes.value;
  }
  work.head_begin = 0;
  work.head_end = static_cast<std::uint32_t>(
      http::write_receipt(work.response, receipt, response, date_.at(ring_.now())));
  work.body_bytes = head.is_head_method ? 0 : response.body_bytes.value_or(0);
  counters_.response_body_bytes.add(work.body_bytes);
  connection.state = State::responding;
  connection.served = true;
  connection.untaken = kUnknown;
  deadlines_.arm(connection, kBodyDeadline, ring_.now());
  // The memory of opened records is another connection's next.
  if constexpr (Wire::kIsTls) connection.park_input();
  queue_send(connection);
}

template <class Wire>
void BasicSessionPool<Wire>::finish_response(Connection& connection) noexcept {
  if (!connection.keep_alive) return finish_last_response(connection);
  connection.state = State::reading;
  advance(connection);
}

template <class Wire>
void BasicSessionPool<Wire>::finish_last_response(Connection& connection) noexcept {
  // What is sent may not be with TCP yet: the lingering close waits for the client's end.
  if (Wire::kIsKernel) return leave(connection, 0);
  // What the client pipelined behind its last request is not answered; unread, it would turn our
  // close into a reset that destroys the response.
  if (connection.has_input()) return leave(connection, 0);
  // No system call can ask a direct descriptor.
  if (connection.socket.is_direct()) return arm_peek(connection);
  return has_unread_input(connection.socket.fd()) ? leave(connection, 0) : begin_close(connection);
}

template <class Wire>
void BasicSessionPool<Wire>::leave(Connection& connection, int status) noexcept {
  connection.state = State::leaving;
  connection.lingering_close_status = status;
  deadlines_.disarm(connection);
  waiting_.remove(connection);
  connection.clear_input();
  operations_.cancel(connection, Op::read, Op::poll);
  // What TLS had to say may wait for the client; so may an answer that is given up.
  if constexpr (Wire::kIsTls || Wire::kIsKernel) operations_.cancel(connection, Op::wait);
  finish_departure(connection);
}

template <class Wire>
void BasicSessionPool<Wire>::begin_close(Connection& connection) noexcept {
  if (connection.state == State::closing) return;
  if constexpr (Wire::kIsTls) {
    if (try_say_end(connection)) return;
    if (connection.state == State::handshaking) counters_.handshake_errors.add();
  }
  // Between requests a client is told that nothing follows.
  if (Wire::kIsKernel && connection.state == State::reading && !connection.in_message()) {
    return leave(connection, 0);
  }
  connection.state = State::closing;
  deadlines_.disarm(connection);
  waiting_.remove(connection);
  connection.clear_input();
  // A pending receive holds the socket, so that its close would send no FIN; this wakes it.
  if (connection.socket.is_direct()) {
    operations_.cancel_all(connection);
  } else if (!connection.in_flight.none()) {
    operations_.cancel(connection, Op::wait);
    shutdown(connection.socket.fd(), SHUT_RDWR);
  }
  finish_departure(connection);
}

template <class Wire>
void BasicSessionPool<Wire>::finish_departure(Connection& connection) noexcept {
  if (!connection.in_flight.none()) return;
  const bool is_head = connection.work && connection.work->parser.head().is_head_method;
  end_work(connection);
  if (connection.state == State::leaving) {
    const int status = connection.lingering_close_status;
    if constexpr (Wire::kIsTls) return see_off(connection, status, is_head);
    Socket socket = std::move(connection.socket);
    const bool peer_ended = connection.peer_ended;
    connections_.release(connection);
    if (Wire::kIsKernel && status == kRefused) {
      return lingering_close_.begin_refusal(std::move(socket), ring_.now());
    }
    return lingering_close_.begin(std::move(socket), status, ring_.now(), is_head, peer_ended);
  }
  counters_.connections_closed.add();
  if (options_.faults.never_closes) {
    never_closed_.push_back(std::move(connection.socket));
  } else {
    connection.socket.end(ring_);
  }
  connections_.release(connection);
}

template <class Wire>
void BasicSessionPool<Wire>::renew_deadline(Connection& connection) noexcept {
  const bool in_message = connection.in_message();
  if (in_message && connection.work->parser.has_head()) {
    deadlines_.arm(connection, kBodyDeadline, ring_.now());  // each progress renews it
    return;
  }
  const std::size_t kind = in_message || !connection.served ? kHeaderDeadline : kIdleDeadline;
  // The header deadline is for the whole head: more bytes of it do not renew it.
  if (!connection.deadline.is_armed() || connection.deadline.kind != kind) {
    deadlines_.arm(connection, kind, ring_.now());
  }
}

// Below its low-water mark a socket may have had bytes, which are progress: they wake nobody. True
// when that may be, and the mark is low now.
template <class Wire>
bool BasicSessionPool<Wire>::try_hurry(Connection& connection) noexcept {
  if (connection.state != State::reading || !connection.is_low_water_high) return false;
  if (!connection.socket.is_direct() && !has_unread_input(connection.socket.fd())) return false;
  connection.is_slow = true;
  set_low_water(connection, false);
  return true;
}

template <class Wire>
void BasicSessionPool<Wire>::on_deadline(Nanos now) noexcept {
  while (Connection* const connection = deadlines_.take_due(now)) {
    if (try_hurry(*connection)) {
      deadlines_.arm(*connection, kBodyDeadline, now);
      continue;
    }
    if (try_look(*connection)) continue;
    const bool in_message = connection->in_message();
    if (connection->state == State::reading && in_message) {
      leave(*connection, 408);
    } else {
      begin_close(*connection);
    }
  }
}

template <class Wire>
void BasicSessionPool<Wire>::begin_stop() noexcept {
  stopping_ = true;
  connections_.for_each([this](Connection& connection) {
    if (Wire::kIsTls && connection.state == State::handshaking) return begin_close(connection);
    if (connection.state == State::reading && !connection.in_message()) begin_close(connection);
  });
}

template <class Wire>
void BasicSessionPool<Wire>::cut_off() noexcept {
  connections_.for_each([this](Connection& connection) {
    // Closes, instead of going to the lingering close or saying goodbye.
    const bool is_polite = (Wire::kIsTls || Wire::kIsKernel) && connection.state == State::reading;
    if (connection.state == State::leaving || is_polite) connection.state = State::responding;
    begin_close(connection);
  });
}

}  // namespace urb
