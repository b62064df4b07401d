// The input side of a connection: reads into whatever memory was chosen, and their ends.
//
// Reading when buffers are few: a connection reads directly while more than half of the buffers are
// free; otherwise it polls first and takes a buffer only when bytes are there. So any number of
// idle or slow connections hold at most half of the buffers, and none starves.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "net/session.hpp"

namespace urb {

template <class Wire>
std::span<const std::byte> BasicSessionPool<Wire>::Connection::front() const noexcept {
  if (!parked.empty()) return std::span{parked}.subspan(parked_begin);
  return prefix.is_empty() ? input.front() : prefix.front();
}

template <class Wire>
void BasicSessionPool<Wire>::Connection::consume(std::size_t count) noexcept {
  if (parked.empty()) return (prefix.is_empty() ? input : prefix).consume(count);
  parked_begin += count;
  if (parked_begin != parked.size()) return;
  parked = {};  // rare, so its memory is not kept
  parked_begin = 0;
}

template <class Wire>
void BasicSessionPool<Wire>::Connection::clear_input() noexcept {
  parked = {};
  parked_begin = 0;
  prefix.clear();
  input.clear();
}

template <class Wire>
void BasicSessionPool<Wire>::Connection::park_input() noexcept {
  for (ByteQueue* const queue : {&prefix, &input}) {
    while (!queue->is_empty()) {
      const auto bytes = queue->front();
      parked.insert(parked.end(), bytes.begin(), bytes.end());
      queue->consume(bytes.size());
    }
  }
}

// While more than a buffer of the body is to come, the socket is readable when there is a buffer's
// worth: fewer wake-ups, each for more (decision 0013). Not behind a proxy: a local stream does not
// know the mark.
template <class Wire>
void BasicSessionPool<Wire>::update_low_water(Connection& connection) noexcept {
  // The kernel's TLS counts sealed bytes.
  if (options_.limits.behind_proxy || Wire::kIsKernel) return;
  bool is_high = false;
  if (connection.in_message() && connection.work->parser.has_head() && !connection.is_slow) {
    const http::RequestParser& parser = connection.work->parser;
    const std::uint64_t left = parser.head().content_length - parser.body_bytes();
    // Not for a body that one or two reads bring: two system calls are what the mark costs.
    const std::uint64_t least =
        (connection.is_low_water_high ? kLowWaterHigh : 3 * kLowWaterHigh) + Wire::kHeldMax;
    is_high = !parser.head().chunked && left >= least;
  }
  if (is_high != connection.is_low_water_high) set_low_water(connection, is_high);
}

template <class Wire>
void BasicSessionPool<Wire>::set_low_water(Connection& connection, bool is_high) noexcept {
  connection.is_low_water_high = is_high;
  connection.socket.set_low_water(is_high ? kLowWaterHigh : kLowWaterLow);
}

template <class Wire>
void BasicSessionPool<Wire>::want_read(Connection& connection, bool is_readable) noexcept {
  if (connection.in_flight.has_any(Op::read, Op::poll, Op::record)) return;
  if (connection.waiting_hook.is_linked) return;
  if (is_provided(pool_.kind())) {
    if (pool_.free_count() == 0) return waiting_.push_back(connection);
    io_uring_sqe* const sqe = operations_.arm(connection, Op::read);
    pool_.prep_recv_multishot(sqe, connection.socket);
    connection.receives = way_of_receive(*sqe);
    return;
  }
  if (!is_readable && pool_.free_count() <= pool_.buffer_count() / 2) return arm_poll(connection);
  BufferLease lease = pool_.try_take();
  if (lease.is_held()) {
    arm_read(connection, std::move(lease));
  } else {
    counters_.buffers_starved.add();
    waiting_.push_back(connection);
  }
}

template <class Wire>
void BasicSessionPool<Wire>::arm_read(Connection& connection, BufferLease lease) noexcept {
  io_uring_sqe* const sqe = operations_.arm(connection, Op::read);
  pool_.prep_read(sqe, connection.socket, lease.memory());
  connection.receives = way_of_receive(*sqe);
  connection.reading_into = std::move(lease);
}

template <class Wire>
Counter& BasicSessionPool<Wire>::received_bytes(ReceiveWay way) noexcept {
  switch (way) {
    case ReceiveWay::read_fixed: return counters_.read_fixed_bytes;
    case ReceiveWay::registered: return counters_.recv_registered_bytes;
    case ReceiveWay::provided: return counters_.provided_bytes;
    case ReceiveWay::plain: break;
  }
  return counters_.plain_bytes;
}

template <class Wire>
void BasicSessionPool<Wire>::arm_poll(Connection& connection) noexcept {
  connection.socket.prep_poll(operations_.arm(connection, Op::poll), POLLIN | POLLRDHUP);
}

template <class Wire>
void BasicSessionPool<Wire>::arm_peek(Connection& connection) noexcept {
  connection.state = State::peeking;
  connection.socket.prep_recv(operations_.arm(connection, Op::peek), {&peeked_, 1},
                              MSG_PEEK | MSG_DONTWAIT);
}

template <class Wire>
void BasicSessionPool<Wire>::on_completion(const Completion& done) noexcept {
  const Op op = operations_.op_of(done);
  if (op == Op::read) return on_read(done);
  Connection& connection = operations_.finish(connections_, done);
  switch (op) {
    case Op::poll: return on_poll(connection, done.result);
    case Op::send: return on_send(connection, done.result);
    case Op::wait: return on_wait(connection, done);
    case Op::look: return on_look(connection, done.result);
    case Op::peek: return on_peek(connection, done.result);
    case Op::record: return on_record(connection, done.result);
    case Op::read: return;  // handled above
  }
}

template <class Wire>
void BasicSessionPool<Wire>::on_read(const Completion& done) noexcept {
  // Before any early return: the buffer is ours from the moment its CQE is posted.
  BufferLease lease = pool_.claim(done);
  Connection* const found = connections_.find(done.token.slot_index, done.token.generation);
  if (found == nullptr) {
    counters_.late_completions.add();
    return;
  }
  Connection& connection = *found;
  operations_.finish(connection, done);
  if (connection.reading_into.is_held()) lease = std::move(connection.reading_into);

  if (connection.state == State::leaving || connection.state == State::closing) {
    lease.give_back();
    return finish_departure(connection);
  }
  if (done.result > 0) {
    received_bytes(connection.receives).add(static_cast<std::uint64_t>(done.result));
    if (done.keeps_buffer()) counters_.buffers_kept.add();
    if constexpr (Wire::kIsTls) {
      return on_sealed(connection, std::move(lease), 0, static_cast<std::size_t>(done.result));
    }
    connection.input.push(std::move(lease), 0, static_cast<std::size_t>(done.result));
    if (connection.state == State::reading) return advance(connection);
    if (connection.in_flight.has(Op::wait)) return connection.park_input();
    // provided: more than the response lets us parse; stop the flow until it is sent.
    if (connection.input.buffer_count() >= kQueuedBuffersMax) {
      operations_.cancel(connection, Op::read);
    }
    return;
  }
  lease.give_back();
  if (Wire::kIsTls && connection.state == State::handshaking) {
    const bool goes_on =
        done.result == -ENOBUFS || done.result == -ECANCELED || done.result == -EINTR;
    return goes_on ? want_read(connection, false) : begin_close(connection);
  }
  switch (done.result) {
    case 0:
      connection.peer_ended = true;
      if (connection.state == State::reading) advance(connection);
      return;
    case -ENOBUFS:
      counters_.buffers_starved.add();
      if (connection.state == State::reading) want_read(connection, false);
      return;
    case -ECANCELED:  // our own back-pressure; finish_response() reads again
    case -EINTR:
      if (connection.state == State::reading) want_read(connection, false);
      return;
    case -EIO:
      if (Wire::kIsKernel) return arm_record(connection);
      [[fallthrough]];
    default:  // a reset, or anything else that ends the connection
      if (Wire::kIsKernel) return break_off(connection, done.result);
      counters_.connection_resets.add();
      begin_close(connection);
      return;
  }
}

template <class Wire>
void BasicSessionPool<Wire>::on_poll(Connection& connection, int result) noexcept {
  if (connection.state == State::leaving || connection.state == State::closing) {
    return finish_departure(connection);
  }
  // Whatever it was, end and error too, the read will say it.
  const bool is_handshaking = Wire::kIsTls && connection.state == State::handshaking;
  if (connection.state == State::reading || is_handshaking) want_read(connection, result >= 0);
}

template <class Wire>
void BasicSessionPool<Wire>::on_peek(Connection& connection, int result) noexcept {
  if (connection.state == State::closing) return finish_departure(connection);
  result > 0 ? leave(connection, 0) : begin_close(connection);
}

template <class Wire>
void BasicSessionPool<Wire>::on_batch_end(Nanos) noexcept {
  // Buffers that came back in this batch go to those who waited for one, oldest first.
  while (pool_.free_count() != 0) {
    Connection* const connection = waiting_.pop_front();
    if (connection == nullptr) return;
    want_read(*connection, true);
  }
}

}  // namespace urb
