// What lies between the socket and HTTP, with TLS: records in, plaintext out, and the other way
// round. Without TLS nothing here is ever called.
//
// A record is opened as soon as it is there, into memory that all connections share. What is not
// parsed at once is copied out. Answers are sealed piece by piece, and one piece is on its way.
#pragma once

#include <array>
#include <span>
#include <string>
#include <utility>

#include "net/session.hpp"

namespace urb {

template <class Wire>
std::array<Nanos, BasicSessionPool<Wire>::kDeadlineKinds> BasicSessionPool<Wire>::deadlines_of(
    const SessionOptions& options) noexcept {
  const http::Limits& limits = options.limits;
  std::array<Nanos, kDeadlineKinds> lengths{limits.header_timeout, limits.body_timeout,
                                            limits.idle_timeout};
  if constexpr (Wire::kIsTls) lengths[kHandshakeDeadline] = options.tls->handshake_timeout;
  return lengths;
}

template <class Wire>
void BasicSessionPool<Wire>::begin_handshake(Connection& connection, BufferLease prefix,
                                             std::size_t begin, std::size_t end) noexcept {
  if constexpr (Wire::kIsTls) {
    connection.state = State::handshaking;
    connection.wire.tls.emplace(shared_.context);
    deadlines_.arm(connection, kHandshakeDeadline, ring_.now());
    if (!prefix.is_held()) return want_read(connection, false);
    on_sealed(connection, std::move(prefix), begin, end);
  }
}

template <class Wire>
void BasicSessionPool<Wire>::on_sealed(Connection& connection, BufferLease lease, std::size_t begin,
                                       std::size_t end) noexcept {
  if constexpr (Wire::kIsTls) {
    if (connection.state == State::ending) return;  // nobody reads it any more
    BufferLease opened = shared_.opened.try_take();
    tls::Connection& tls = *connection.wire.tls;
    const std::size_t waiting = tls.output().size();
    const std::size_t bytes =
        tls.receive(lease.memory().subspan(begin, end - begin), opened.memory());
    connection.wire.owed += tls.output().size() - waiting;
    lease.give_back();
    connection.input.push(std::move(opened), 0, bytes);
    on_opened(connection, bytes != 0);
  }
}

template <class Wire>
void BasicSessionPool<Wire>::on_opened(Connection& connection, bool has_bytes) noexcept {
  if constexpr (Wire::kIsTls) {
    const tls::State state = connection.wire.tls->state();
    if (state == tls::State::failed) {
      counters_.tls_errors.add(connection.wire.tls->has_connected() ? 1 : 0);
      on_end_of_handshaking(connection);
      // An answer that is on its way is not worth more than the alert.
      return leave(connection, kSilent);
    }
    flush(connection);
    // Answers to KeyUpdates, to a client that reads none of them. Ours may wait behind them.
    if (connection.wire.owed > kOwedMax) {
      counters_.tls_errors.add();
      return begin_close(connection);
    }
    // What brings no byte of HTTP is no progress: the deadline stays.
    const bool says_nothing = !has_bytes && connection.state == State::reading;
    if (state == tls::State::handshaking || (says_nothing && state == tls::State::established)) {
      return want_read(connection, false);
    }
    on_end_of_handshaking(connection);
    connection.peer_ended = connection.peer_ended || state == tls::State::ended;
    if (connection.state == State::reading) return advance(connection);
    // provided: more than the answer lets us parse; stop the flow until it is sent.
    connection.park_input();
    if (connection.parked.size() - connection.parked_begin >= kBufferBytes) {
      operations_.cancel(connection, Op::read);
    }
  }
}

template <class Wire>
void BasicSessionPool<Wire>::on_end_of_handshaking(Connection& connection) noexcept {
  if constexpr (Wire::kIsTls) {
    if (connection.state != State::handshaking) return;
    connection.state = State::reading;
    const tls::Connection& tls = *connection.wire.tls;
    // What broke it may have come with the handshake's last bytes.
    if (!tls.has_connected()) return counters_.handshake_errors.add();
    counters_.handshakes.add();
    if (tls.is_resumed()) counters_.handshakes_resumed.add();
  }
}

// The next piece of the answer, unless one is on its way.
template <class Wire>
void BasicSessionPool<Wire>::seal_answer(Connection& connection) noexcept {
  if constexpr (Wire::kIsTls) {
    auto& wire = connection.wire;
    if (connection.state != State::responding || wire.sealed != 0) return;
    const Work& work = *connection.work;
    const std::span head =
        std::span{work.response}.subspan(work.head_begin, work.head_end - work.head_begin);
    const std::size_t of_body = std::min<std::uint64_t>(work.body_bytes, filler_.size());
    wire.tls->send(std::as_bytes(head));
    wire.tls->send(std::span{filler_}.first(of_body));
    wire.sealed = head.size() + of_body;
    // Behind the last answer follows the end, in the same packet.
    if (of_body != work.body_bytes || connection.keep_alive) return;
    wire.tls->end();
    wire.has_ended = true;
  }
}

template <class Wire>
void BasicSessionPool<Wire>::flush(Connection& connection) noexcept {
  if constexpr (Wire::kIsTls) {
    if (connection.in_flight.has_any(Op::send, Op::wait)) return;
    if (!connection.wire.take()) return;
    connection.socket.prep_send(operations_.arm(connection, Op::send), connection.wire.unsent());
  }
}

// True when the HTTP side goes on, with `result` in bytes of its own. False when there is more to
// send first, or nothing of the answer was in what was sent.
template <class Wire>
bool BasicSessionPool<Wire>::on_sealed_sent(Connection& connection, int& result) noexcept {
  if constexpr (Wire::kIsTls) {
    auto& wire = connection.wire;
    wire.on_sent(static_cast<std::size_t>(std::max(result, 0)));
    if (connection.state == State::leaving) {
      finish_departure(connection);
      return false;
    }
    if (result < 0 && result != -EAGAIN && result != -EINTR) {
      counters_.connection_resets.add(connection.state == State::ending ? 0 : 1);
      begin_close(connection);
      return false;
    }
    if (!wire.unsent().empty()) {
      if (result > 0 && connection.state == State::responding) go_on_sending(connection);
      wait_for_client(connection);
      return false;
    }
    if (wire.take()) {
      flush(connection);
      return false;
    }
    if (connection.state == State::ending) {
      begin_close(connection);
      return false;
    }
    result = static_cast<int>(std::exchange(wire.sealed, 0));
    return result != 0;
  }
  return true;
}

// Between requests a client is told that nothing follows. True when that is on its way.
template <class Wire>
bool BasicSessionPool<Wire>::try_say_end(Connection& connection) noexcept {
  if constexpr (Wire::kIsTls) {
    auto& wire = connection.wire;
    if (connection.state != State::reading || connection.in_message()) return false;
    if (connection.in_flight.has_any(Op::send, Op::wait) || wire.has_ended) return false;
    wire.tls->end();
    wire.has_ended = true;
    connection.state = State::ending;
    connection.clear_input();
    waiting_.remove(connection);
    deadlines_.arm(connection, kBodyDeadline, ring_.now());
    flush(connection);
    return connection.in_flight.has(Op::send);
  }
  return false;
}

// To the lingering close, with what is left to say.
template <class Wire>
void BasicSessionPool<Wire>::see_off(Connection& connection, int status, bool is_head) noexcept {
  if constexpr (Wire::kIsTls) {
    auto& wire = connection.wire;
    if (status > 0) {
      counters_.request_errors.add();
      std::array<char, http::kResponseBytesMax> answer;
      const std::size_t bytes = http::write_error(answer, status, is_head, date_.at(ring_.now()));
      wire.tls->send(std::as_bytes(std::span{answer}.first(bytes)));
      wire.tls->end();
    }
    std::string last{wire.unsent()};
    const std::vector<std::byte>& output = wire.tls->output();
    last.append(reinterpret_cast<const char*>(output.data()), output.size());
    Socket socket = std::move(connection.socket);
    connections_.release(connection);
    lingering_close_.begin_with(std::move(socket), last, ring_.now());
  }
}

}  // namespace urb
