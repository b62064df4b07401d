// How exchanges fail and end, and when they are late.
#include <utility>

#include "net/exchange.hpp"

namespace urb {

void ExchangePool::on_response_done(Exchange& exchange) noexcept {
  if (exchange.response.keeps_client) return end(exchange, Ending::keep, 0);
  // What is sent may not be with TCP yet.
  const bool must_linger = parts_.lingering_close.end_by() == EndBy::close_notify;
  // Bytes that nobody will read would turn the close into a reset that destroys the response.
  const RequestLeg& request = exchange.request;
  const bool has_unread = !request.is_read() || !request.part.is_empty() ||
                          !request.parked.empty() || has_unread_input(exchange.client.get());
  end(exchange, must_linger || has_unread ? Ending::lingering_close : Ending::close, 0);
}

void ExchangePool::on_client_gone(Exchange& exchange) noexcept {
  parts_.counters.connection_resets.add();
  end(exchange, Ending::close, 0);
}

// No reset: it is counted as what it is, and once.
void ExchangePool::on_tls_broken(Exchange& exchange) noexcept {
  parts_.counters.tls_errors.add();
  end(exchange, Ending::close, 0);
}

void ExchangePool::refuse(Exchange& exchange) noexcept {
  parts_.counters.tls_errors.add();
  end(exchange, Ending::refusal, 0);
}

// Once a part of the response is out, closing is the only way to say that it is not whole.
void ExchangePool::fail(Exchange& exchange, int status) noexcept {
  end(exchange, exchange.response.has_begun() ? Ending::close : Ending::lingering_close, status);
}

void ExchangePool::end(Exchange& exchange, Ending ending, int status) noexcept {
  if (exchange.ending != Ending::none) return;
  exchange.ending = ending;
  exchange.status = status;
  deadlines_.disarm(exchange);
  waiting_.remove(exchange);
  operations_.cancel_all(exchange);
  for (const Leg leg : {Leg::request, Leg::response}) {
    if (exchange.work(leg).transfer) parts_.relay.cancel(*exchange.work(leg).transfer);
  }
  finish(exchange);
}

// The last step of an ending, once nothing is in flight.
void ExchangePool::finish(Exchange& exchange) noexcept {
  if (exchange.has_in_flight()) return;
  if (exchange.upstream.is_open()) {
    Fd upstream = std::move(exchange.upstream);
    // What is left of an answer that nobody took would be taken for the next one.
    if (exchange.response.state == ResponseState::done && exchange.response.keeps_worker &&
        !stopping_) {
      parts_.upstreams.put_back(exchange.worker, std::move(upstream), ring_.now());
    }
  }
  ExchangeEnd ended{.worker = exchange.worker};
  switch (exchange.ending) {
    case Ending::none: break;
    case Ending::keep:
      ended.client = std::move(exchange.client);
      ended.begin = exchange.request.part.begin();
      ended.end = exchange.request.part.end();
      if (ended.begin != ended.end) ended.lease = std::move(exchange.lease);
      ended.parked = std::move(exchange.request.parked);
      break;
    case Ending::lingering_close:
      parts_.lingering_close.begin(std::move(exchange.client), exchange.status, ring_.now(),
                                   exchange.request.head.is_head_method);
      break;
    case Ending::refusal:
      parts_.lingering_close.begin_refusal(std::move(exchange.client), ring_.now());
      break;
    case Ending::close:
      parts_.counters.connections_closed.add();
      io_uring_prep_close(ring_.detached_sqe(), exchange.client.release());
      break;
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

std::uint64_t ExchangePool::progress(Exchange& exchange) noexcept {
  std::uint64_t bytes = exchange.moved_by_hand;
  for (const Leg leg : {Leg::request, Leg::response}) {
    const auto transfer = exchange.work(leg).transfer;
    bytes += transfer ? parts_.relay.progress(*transfer) : 0;
  }
  return bytes;
}

void ExchangePool::on_deadline(Nanos now) noexcept {
  while (Exchange* const exchange = deadlines_.take_due(now)) {
    // A client that reads slowly takes bytes out of the socket long before more are sent.
    const std::uint64_t moved = progress(*exchange) - untaken_bytes(exchange->client.get()) -
                                untaken_bytes(exchange->upstream.get());
    if (std::exchange(exchange->moved, moved) != moved) {
      deadlines_.arm(*exchange, 0, now);
    } else {
      fail(*exchange, exchange->request.is_read() ? 502 : 408);
    }
  }
}

void ExchangePool::cut_off() noexcept {
  exchanges_.for_each([this](Exchange& exchange) { end(exchange, Ending::close, 0); });
}

}  // namespace urb
