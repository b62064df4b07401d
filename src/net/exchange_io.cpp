// What the legs ask for, as requests of the ring.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "net/exchange.hpp"

namespace urb {

bool ExchangePool::Exchange::wants_to_read(Leg leg) const noexcept {
  const bool receives = leg == Leg::request ? request.state == RequestState::receiving
                                            : response.state == ResponseState::receiving;
  if (leg == Leg::request && in_flight.has(Op::record)) return false;
  return receives && !in_flight.has_any(of(leg, Op::poll_request), of(leg, Op::read_request));
}

// The rule of all receives: directly while buffers are plenty, else not before bytes are there.
void ExchangePool::receive(Exchange& exchange, Leg leg) noexcept {
  // Who has its buffer yet may keep it for longer, but not when few are left: a worker that does
  // not answer would hold them all.
  const std::uint32_t count = parts_.buffers.buffer_count();
  const std::uint32_t reserve = exchange.lease.is_held() ? count / 4 : count / 2;
  if (parts_.buffers.free_count() > reserve) return read(exchange);
  poll(exchange, leg);
}

void ExchangePool::poll(Exchange& exchange, Leg leg) noexcept {
  release_buffer(exchange);
  io_uring_prep_poll_add(operations_.arm(exchange, of(leg, Op::poll_request)), exchange.source(leg),
                         POLLIN | POLLRDHUP);
}

// Reads for each leg that wants to, or queues the exchange until there is a buffer.
void ExchangePool::read(Exchange& exchange) noexcept {
  if (!exchange.lease.is_held()) set_buffer(exchange, parts_.buffers.try_take());
  if (!exchange.lease.is_held()) {
    if (!exchange.waiting_hook.is_linked) {
      parts_.counters.buffers_starved.add();
      waiting_.push_back(exchange);
    }
    return;
  }
  waiting_.remove(exchange);
  if (exchange.wants_to_read(Leg::request)) {
    parts_.buffers.prep_read(operations_.arm(exchange, Op::read_request),
                             exchange.source(Leg::request), exchange.request.part.room());
  }
  if (exchange.wants_to_read(Leg::response)) {
    parts_.buffers.prep_read(operations_.arm(exchange, Op::read_response),
                             exchange.source(Leg::response), exchange.response.part.room());
  }
}

void ExchangePool::receive_record(Exchange& exchange) noexcept {
  if (!exchange.record) exchange.record = std::make_unique<RecordReceive>();
  exchange.record->prep(operations_.arm(exchange, Op::record), exchange.client.get());
}

void ExchangePool::on_record(Exchange& exchange, int result) noexcept {
  switch (exchange.record->event(result)) {
    case RecordEvent::nothing: return receive(exchange, Leg::request);
    case RecordEvent::refused: return refuse(exchange);
    case RecordEvent::data:  // which EIO never says
    case RecordEvent::failed:
      if (is_of_tls(result)) return on_tls_broken(exchange);
      break;
    case RecordEvent::end: break;
  }
  advance(exchange, Leg::request, {LegEvent::source_ended});
}

void ExchangePool::send(Exchange& exchange, Leg leg) noexcept {
  exchange.work(leg).message.prep(operations_.arm(exchange, of(leg, Op::send_request)),
                                  exchange.target(leg));
}

void ExchangePool::on_sent(Exchange& exchange, Leg leg, int result) noexcept {
  if (result < 0 && result != -EAGAIN && result != -EINTR) {
    return advance(exchange, leg, {LegEvent::target_failed});
  }
  OutgoingMessage& message = exchange.work(leg).message;
  const auto sent = static_cast<std::uint64_t>(std::max(result, 0));
  exchange.moved_by_hand += sent;
  parts_.counters.forwarded_bytes.add(sent);
  if (sent == message.left) {
    message.rest = {};
    return advance(exchange, leg, {LegEvent::sent});
  }
  message.advance(sent);
  release_buffer(exchange);
  wait(exchange, leg);
}

void ExchangePool::wait(Exchange& exchange, Leg leg) noexcept {
  exchange.work(leg).message.wait.prep(operations_.arm(exchange, of(leg, Op::wait_request)),
                                       exchange.target(leg));
}

void ExchangePool::on_wait(Exchange& exchange, Leg leg, const Completion& done) noexcept {
  switch (exchange.work(leg).message.wait.on_completion(done)) {
    case WriteWait::Step::wait: return;
    case WriteWait::Step::cancel: return operations_.cancel(exchange, of(leg, Op::wait_request));
    case WriteWait::Step::again: return wait(exchange, leg);
    case WriteWait::Step::go_on: return send(exchange, leg);
    case WriteWait::Step::fail: return advance(exchange, leg, {LegEvent::gave_up});
  }
}

bool ExchangePool::start_transfer(Exchange& exchange, Leg leg) noexcept {
  LegWork& work = exchange.work(leg);
  work.transfer = parts_.relay.begin(exchange.slot_index * 2 + static_cast<std::uint32_t>(leg),
                                     exchange.source(leg), exchange.target(leg), work.left);
  return work.transfer.has_value();
}

void ExchangePool::set_buffer(Exchange& exchange, BufferLease lease) noexcept {
  exchange.lease = std::move(lease);
  if (!exchange.lease.is_held()) return;
  exchange.request.part.attach(exchange.lease.memory());
  exchange.response.part.attach(exchange.lease.memory());
}

// Gives the buffer back, unless a request in flight or a part of a head is in it.
void ExchangePool::release_buffer(Exchange& exchange) noexcept {
  const bool is_used = exchange.in_flight.has_any(Op::read_request, Op::read_response,
                                                  Op::send_request, Op::send_response);
  if (is_used || !exchange.lease.is_held()) return;
  if (!exchange.response.part.is_empty()) return;
  RequestLeg& request = exchange.request;
  if (!request.part.is_empty()) {
    const auto bytes = request.part.bytes();
    request.parked.assign(bytes.begin(), bytes.end());
    request.part.clear();
  }
  exchange.lease.give_back();
}

void ExchangePool::on_batch_end(Nanos) noexcept {
  while (parts_.buffers.free_count() != 0) {
    Exchange* const exchange = waiting_.front();
    if (exchange == nullptr) return;
    read(*exchange);
  }
}

}  // namespace urb
