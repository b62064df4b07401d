#include "net/exchange.hpp"

#include <cerrno>
#include <utility>

#include "http/response_bytes.hpp"

namespace urb {
namespace {

[[nodiscard]] LegEvent::Kind event_of(TransferResult result) noexcept {
  switch (result) {
    case TransferResult::done: return LegEvent::sent;
    case TransferResult::source_refused:  // which refuse() takes
    case TransferResult::source_broken:   // and on_tls_broken()
    case TransferResult::source_ended: return LegEvent::source_ended;
    case TransferResult::target_failed: return LegEvent::target_failed;
    case TransferResult::cancelled: break;
  }
  return LegEvent::gave_up;
}

}  // namespace

ExchangePool::ExchangePool(Ring& ring, std::uint8_t owner, const Parts& parts,
                           const http::Limits& limits, std::size_t capacity)
    : ring_{ring},
      operations_{ring, owner},
      parts_{parts},
      limits_{limits},
      deadlines_{{limits.body_timeout}},
      exchanges_{capacity} {
  ended_.reserve(capacity);
}

ExchangePool::Exchange::Exchange(ReadHead& read, unsigned its_worker,
                                 std::optional<Bytes> body_max) noexcept
    : worker{its_worker}, client{read.socket.take_fd()}, request{read, body_max} {
  response.parser.reset(request.head.is_head_method);
}

void ExchangePool::begin(ReadHead read, unsigned worker) noexcept {
  Exchange* const made = exchanges_.try_emplace(read, worker, limits_.max_body);
  if (made == nullptr) {
    parts_.lingering_close.begin(std::move(read.socket), 503, ring_.now(),
                                 read.head.is_head_method);
    ended_.push_back({.worker = worker});
    return;
  }
  Exchange& exchange = *made;
  set_buffer(exchange, std::move(read.lease));
  deadlines_.arm(exchange, 0, ring_.now());
  exchange.upstream = parts_.upstreams.take(worker);
  if (!exchange.upstream.is_open()) return fail(exchange, 503);
  advance_request(exchange, {LegEvent::start, static_cast<std::uint32_t>(read.head_bytes)});
}

void ExchangePool::on_completion(const Completion& done) noexcept {
  Exchange& exchange = operations_.finish(exchanges_, done);
  if (exchange.ending != Ending::none) return finish(exchange);
  const Leg leg = static_cast<Leg>(done.token.op % 2);
  switch (operations_.op_of(done)) {
    case Op::poll_request:
    case Op::poll_response: return read(exchange);
    case Op::record: return on_record(exchange, done.result);
    case Op::read_request:
    case Op::read_response:
      if (done.result == -EIO && leg == Leg::request) return receive_record(exchange);
      if (done.result <= 0) {
        if (is_of_tls(done.result)) return on_tls_broken(exchange);
        return advance(exchange, leg, {LegEvent::source_ended});
      }
      return advance(exchange, leg, {LegEvent::received, static_cast<std::uint32_t>(done.result)});
    case Op::send_request:
    case Op::send_response: return on_sent(exchange, leg, done.result);
    case Op::wait_request:
    case Op::wait_response: return on_wait(exchange, leg, done);
    case Op::send_continue: return on_continue_sent(exchange, done.result);
  }
}

void ExchangePool::on_continue_sent(Exchange& exchange, int result) noexcept {
  // Without room for it the client does without: it has not read the answers before.
  if (result != static_cast<int>(http::kContinue.size()) && result != -EAGAIN) {
    return on_client_gone(exchange);
  }
  advance_response(exchange, {LegEvent::continued});
}

void ExchangePool::on_transfer_end(const TransferEnd& end_of) noexcept {
  Exchange& exchange = exchanges_.at(end_of.cookie / 2);
  const Leg leg = static_cast<Leg>(end_of.cookie % 2);
  exchange.work(leg).transfer.reset();
  if (exchange.ending != Ending::none) return finish(exchange);
  if (end_of.result == TransferResult::source_refused) return refuse(exchange);
  if (end_of.result == TransferResult::source_broken) return on_tls_broken(exchange);
  if (end_of.result == TransferResult::done) exchange.moved_by_hand += exchange.work(leg).left;
  advance(exchange, leg, {event_of(end_of.result)});
}

void ExchangePool::advance(Exchange& exchange, Leg leg, LegEvent event) noexcept {
  return leg == Leg::request ? advance_request(exchange, event) : advance_response(exchange, event);
}

void ExchangePool::advance_request(Exchange& exchange, LegEvent event) noexcept {
  switch (exchange.request.resume(event)) {
    case RequestAction::send_with_continue:
      exchange.response.state = ResponseState::continuing;
      io_uring_prep_send(operations_.arm(exchange, Op::send_continue), exchange.client.get(),
                         http::kContinue.data(), http::kContinue.size(),
                         MSG_DONTWAIT | MSG_NOSIGNAL);
      [[fallthrough]];
    case RequestAction::send:
      if (event.kind == LegEvent::start) {
        parts_.counters.bodies_with_heads.add(exchange.request.message.parts[1].iov_len);
      }
      return send(exchange, Leg::request);
    case RequestAction::relay:
      release_buffer(exchange);
      advance_response(exchange, {LegEvent::request_moved});
      if (!start_transfer(exchange, Leg::request)) fail(exchange, 503);
      return;
    case RequestAction::receive:
      release_buffer(exchange);
      advance_response(exchange, {LegEvent::request_moved});
      return receive(exchange, Leg::request);
    case RequestAction::await_response:
      return advance_response(exchange, {LegEvent::request_moved});
    case RequestAction::client_gone: return on_client_gone(exchange);
    case RequestAction::worker_gone: return fail(exchange, 502);
    case RequestAction::refuse: return fail(exchange, exchange.request.parser.error_status());
  }
}

void ExchangePool::advance_response(Exchange& exchange, LegEvent event) noexcept {
  switch (exchange.response.resume(event, exchange.request, stopping_)) {
    case ResponseAction::none: return release_buffer(exchange);
    case ResponseAction::receive_later: return poll(exchange, Leg::response);
    case ResponseAction::receive: return receive(exchange, Leg::response);
    case ResponseAction::receive_rest: return read(exchange);
    case ResponseAction::send: return send(exchange, Leg::response);
    case ResponseAction::relay:
      release_buffer(exchange);
      if (!start_transfer(exchange, Leg::response)) fail(exchange, 503);
      return;
    case ResponseAction::finish: return on_response_done(exchange);
    case ResponseAction::client_gone: return on_client_gone(exchange);
    case ResponseAction::worker_gone: return fail(exchange, 502);
  }
}

}  // namespace urb
