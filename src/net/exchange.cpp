// Buffers, failures and ends of exchanges.
#include "net/exchange.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "http/response_bytes.hpp"

namespace urb {

ExchangePool::ExchangePool(Ring& ring, std::uint8_t owner, const Parts& parts,
                           const http::Limits& limits, std::size_t capacity)
    : ring_{ring},
      owner_{owner},
      parts_{parts},
      limits_{limits},
      deadlines_{{limits.body_timeout}},
      exchanges_{capacity} {
  ended_.reserve(capacity);
}

io_uring_sqe* ExchangePool::arm(Op op, Exchange& exchange) noexcept {
  URB_ASSERT(!exchange.is_armed(op));
  exchange.armed |= Exchange::bit(op);
  return ring_.sqe(token(op, exchange));
}

void ExchangePool::on_completion(const Completion& done) noexcept {
  const Op op = static_cast<Op>(done.token.op);
  if (op == Op::cancel) return;  // says nothing that the cancelled request's completion does not
  Exchange* const found = exchanges_.find(done.token.slot_index, done.token.generation);
  URB_ASSERT(found != nullptr);  // an exchange stays until its last completion
  Exchange& exchange = *found;
  if (!done.more()) exchange.armed &= static_cast<std::uint16_t>(~Exchange::bit(op));
  if (op == Op::close) {
    parts_.counters.connections_closed.add();
    ended_.push_back({.worker = exchange.worker});
    exchanges_.release(exchange);
    return;
  }
  if (exchange.ending != Ending::none) return finish(exchange);
  switch (op) {
    case Op::send_continue:
      // Without room for it the client does without: it has not read the answers before.
      if (done.result != static_cast<int>(http::kContinue.size()) && done.result != -EAGAIN) {
        return on_client_gone(exchange);
      }
      if (exchange.response_head != 0) send_response(exchange, exchange.response_head);
      return;
    case Op::send_request: return on_request_sent(exchange, done.result);
    case Op::wait_upstream: return on_wait(exchange, Direction::up, done);
    case Op::wait_client: return on_wait(exchange, Direction::down, done);
    case Op::read_client: return on_chunk(exchange, done.result);
    case Op::poll_client: exchange.wants_chunk = true; return use_lease(exchange);
    case Op::poll_response: exchange.wants_response = true; return use_lease(exchange);
    case Op::read_response: return on_response_read(exchange, done.result);
    case Op::send_response: return on_response_sent(exchange, done.result);
    case Op::close:
    case Op::cancel: return;  // handled above
  }
}

void ExchangePool::on_transfer_end(const TransferEnd& end_of) noexcept {
  Exchange& exchange = exchanges_.at(end_of.cookie / 2);
  const bool is_up = static_cast<Direction>(end_of.cookie % 2) == Direction::up;
  (is_up ? exchange.up : exchange.down).reset();
  if (exchange.ending != Ending::none) return finish(exchange);
  switch (end_of.result) {
    case TransferResult::done:
      exchange.moved_by_hand += is_up ? exchange.request_left : exchange.response_left;
      return is_up ? on_request_done(exchange) : on_response_done(exchange);
    case TransferResult::source_ended:
      return is_up ? on_client_gone(exchange) : on_upstream_gone(exchange);
    case TransferResult::target_failed:
      if (!is_up) return on_client_gone(exchange);
      // The worker takes no more, perhaps because it has answered already: look.
      return want_response(exchange, true);
    case TransferResult::cancelled: return on_upstream_gone(exchange);
  }
}

bool ExchangePool::start_transfer(Exchange& exchange, Direction direction,
                                  std::uint64_t bytes) noexcept {
  const bool is_up = direction == Direction::up;
  const int client = exchange.client.get();
  const int upstream = exchange.upstream.get();
  auto& transfer = is_up ? exchange.up : exchange.down;
  transfer = parts_.relay.begin(exchange.slot_index * 2 + static_cast<std::uint32_t>(direction),
                                is_up ? client : upstream, is_up ? upstream : client, bytes);
  return transfer.has_value();
}

// Gives the exchange a buffer, or a place in the queue for one, and starts what it wanted it for.
// One buffer serves both directions: the lower half is the client's, the upper the response's.
void ExchangePool::use_lease(Exchange& exchange) noexcept {
  if (!exchange.lease.is_held()) exchange.lease = parts_.buffers.try_take();
  if (!exchange.lease.is_held()) {
    if (!exchange.waiting_hook.is_linked) {
      parts_.counters.buffers_starved.add();
      waiting_.push_back(exchange);
    }
    return;
  }
  waiting_.remove(exchange);
  const auto memory = exchange.lease.memory();
  if (std::exchange(exchange.wants_chunk, false)) {
    parts_.buffers.prep_read(arm(Op::read_client, exchange), exchange.client.get(),
                             memory.first(kHeadReadArea));
  }
  if (std::exchange(exchange.wants_response, false)) {
    const auto area = memory.subspan(kHeadReadArea, kHeadReadArea / 2);
    parts_.buffers.prep_read(arm(Op::read_response, exchange), exchange.upstream.get(),
                             area.subspan(exchange.response_end));
  }
}

void ExchangePool::release_lease(Exchange& exchange) noexcept {
  constexpr auto kUsers = Exchange::bit(Op::send_request) | Exchange::bit(Op::read_client) |
                          Exchange::bit(Op::read_response) | Exchange::bit(Op::send_response);
  if ((exchange.armed & kUsers) != 0 || !exchange.lease.is_held()) return;
  if (exchange.response_end != 0) return;
  if (exchange.begin != exchange.end) {
    const auto bytes = exchange.lease.memory().first(exchange.end).subspan(exchange.begin);
    exchange.parked.assign(bytes.begin(), bytes.end());
    exchange.begin = exchange.end = 0;
  }
  exchange.lease.give_back();
}

void ExchangePool::on_client_gone(Exchange& exchange) noexcept {
  parts_.counters.connection_resets.add();
  end(exchange, Ending::close, 0);
}

void ExchangePool::on_upstream_gone(Exchange& exchange) noexcept {
  // Once a part of the response is out, closing is the only way to say that it is not whole.
  exchange.keep_upstream = false;
  end(exchange, exchange.response_begun ? Ending::close : Ending::lingering_close, 502);
}

void ExchangePool::end(Exchange& exchange, Ending ending, int status) noexcept {
  if (exchange.ending != Ending::none) return;
  exchange.ending = ending;
  exchange.status = status;
  deadlines_.disarm(exchange);
  waiting_.remove(exchange);
  cancel_all(exchange);
  finish(exchange);
}

void ExchangePool::cancel_all(Exchange& exchange) noexcept {
  if (exchange.up) parts_.relay.cancel(*exchange.up);
  if (exchange.down) parts_.relay.cancel(*exchange.down);
  for (const Op op :
       {Op::send_continue, Op::send_request, Op::wait_upstream, Op::poll_client, Op::read_client,
        Op::poll_response, Op::read_response, Op::send_response, Op::wait_client}) {
    if (!exchange.is_armed(op)) continue;
    io_uring_prep_cancel64(ring_.sqe(token(Op::cancel, exchange)), pack(token(op, exchange)), 0);
  }
}

void ExchangePool::finish(Exchange& exchange) noexcept {
  if (exchange.has_in_flight()) return;
  if (exchange.upstream.is_open()) {
    Fd upstream = std::move(exchange.upstream);
    // What is left of an answer that nobody took would be taken for the next one.
    if (exchange.keep_upstream && exchange.response_done && !stopping_) {
      parts_.upstreams.put_back(exchange.worker, std::move(upstream), ring_.now());
    }
  }
  if (exchange.ending == Ending::close) {
    exchange.lease.give_back();
    io_uring_prep_close(arm(Op::close, exchange), exchange.client.release());
    return;
  }
  ExchangeEnd ended{.worker = exchange.worker};
  if (exchange.ending == Ending::keep) {
    ended.client = std::move(exchange.client);
    ended.begin = exchange.begin;
    ended.end = exchange.end;
    if (ended.begin != ended.end) ended.lease = std::move(exchange.lease);
    ended.parked = std::move(exchange.parked);
  } else {
    parts_.lingering_close.begin(std::move(exchange.client), exchange.status, ring_.now(),
                                 exchange.head.is_head_method);
  }
  exchanges_.release(exchange);
  ended_.push_back(std::move(ended));
}

std::optional<ExchangeEnd> ExchangePool::take_ended() noexcept {
  if (ended_.empty()) return {};
  std::optional<ExchangeEnd> last{std::move(ended_.back())};
  ended_.pop_back();
  return last;
}

void ExchangePool::on_batch_end(Nanos) noexcept {
  while (parts_.buffers.free_count() != 0) {
    Exchange* const exchange = waiting_.front();
    if (exchange == nullptr) return;
    use_lease(*exchange);
  }
}

std::uint64_t ExchangePool::progress(Exchange& exchange) noexcept {
  return exchange.moved_by_hand + (exchange.up ? parts_.relay.progress(*exchange.up) : 0) +
         (exchange.down ? parts_.relay.progress(*exchange.down) : 0);
}

void ExchangePool::on_deadline(Nanos now) noexcept {
  while (Exchange* const exchange = deadlines_.take_due(now)) {
    // A client that reads slowly takes bytes out of the socket long before more are sent.
    const std::uint64_t moved = progress(*exchange) - untaken_bytes(exchange->client.get()) -
                                untaken_bytes(exchange->upstream.get());
    if (std::exchange(exchange->moved, moved) != moved) {
      deadlines_.arm(*exchange, 0, now);
    } else if (exchange->response_begun) {
      end(*exchange, Ending::close, 0);
    } else {
      end(*exchange, Ending::lingering_close, exchange->request_done ? 502 : 408);
    }
  }
}

void ExchangePool::cut_off() noexcept {
  exchanges_.for_each([this](Exchange& exchange) { end(exchange, Ending::close, 0); });
}

}  // namespace urb
