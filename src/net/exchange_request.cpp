// The request's way: from the client to the worker.
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "http/forward.hpp"
#include "http/response_bytes.hpp"
#include "net/exchange.hpp"

namespace urb {

// The rewritten head goes into the upper half, which no response needs before the head is sent.
static_assert(kHeadBufferBytes - kHeadReadArea >= http::kForwardedHeadBytesMax);

void ExchangePool::begin(ReadHead request, unsigned worker) noexcept {
  Exchange* const made = exchanges_.try_emplace(limits_.max_body);
  if (made == nullptr) {
    parts_.lingering_close.begin(std::move(request.socket), 503, ring_.now(),
                                 request.head.is_head_method);
    ended_.push_back({.worker = worker});
    return;
  }
  Exchange& exchange = *made;
  exchange.worker = worker;
  exchange.client = request.socket.take_fd();
  exchange.lease = std::move(request.lease);
  exchange.head = request.head;
  exchange.begin = request.begin + request.head_bytes;
  exchange.end = request.end;
  exchange.response.reset(request.head.is_head_method);
  deadlines_.arm(exchange, 0, ring_.now());
  exchange.upstream = parts_.upstreams.take(worker);
  if (!exchange.upstream.is_open()) return end(exchange, Ending::lingering_close, 503);

  const auto memory = exchange.lease.memory();
  const auto head = memory.subspan(request.begin, request.head_bytes);
  const auto forwarded =
      http::write_forwarded_request(head, exchange.head, memory.subspan(kHeadReadArea));
  URB_ASSERT(forwarded);  // the same parser has just accepted it

  std::size_t body_bytes = exchange.end - exchange.begin;
  if (exchange.head.chunked) {
    // This parser starts from the head too, so that it knows what follows.
    const http::ParseStep step = exchange.parser.parse(head);
    URB_ASSERT(step.status == http::ParseStatus::head_complete);
    if (!check_chunks(exchange, body_bytes)) return;
  } else {
    body_bytes = std::min<std::uint64_t>(body_bytes, exchange.head.content_length);
    exchange.request_left = exchange.head.content_length - body_bytes;
    exchange.request_done = exchange.request_left == 0;
  }
  // Expect is not forwarded: whoever waits for the body answers it, before any byte of it came.
  if (exchange.head.expect_continue && exchange.end == request.begin + request.head_bytes &&
      exchange.head.has_body()) {
    io_uring_prep_send(arm(Op::send_continue, exchange), exchange.client.get(),
                       http::kContinue.data(), http::kContinue.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  send_request(exchange, *forwarded, body_bytes);
}

void ExchangePool::send_request(Exchange& exchange, std::size_t head_bytes,
                                std::size_t body_bytes) noexcept {
  std::byte* const memory = exchange.lease.memory().data();
  exchange.request.set({memory + kHeadReadArea, head_bytes}, {memory + exchange.begin, body_bytes});
  exchange.begin += body_bytes;
  send_on(exchange, Direction::up);
}

void ExchangePool::on_request_sent(Exchange& exchange, int result) noexcept {
  if (result < 0 && result != -EAGAIN && result != -EINTR) {
    // The worker may have answered before it closed.
    exchange.request_done = false;
    return want_response(exchange, true);
  }
  if (!has_sent(exchange, Direction::up, result)) return;
  if (exchange.request_done) return on_request_done(exchange);
  release_lease(exchange);
  want_response(exchange, false);  // it may come before the body has ended
  if (exchange.head.chunked) return want_chunk(exchange);
  if (!start_transfer(exchange, Direction::up, exchange.request_left)) {
    end(exchange, Ending::lingering_close, 503);
  }
}

void ExchangePool::on_request_done(Exchange& exchange) noexcept {
  exchange.request_done = true;
  if (exchange.response_head != 0 && !exchange.response_begun) {
    return send_response(exchange, exchange.response_head);
  }
  want_response(exchange, true);
}

void ExchangePool::want_chunk(Exchange& exchange) noexcept {
  // The rule of all receives: directly while buffers are plenty, else not before bytes are there.
  if (parts_.buffers.free_count() > parts_.buffers.buffer_count() / 2) {
    exchange.wants_chunk = true;
    return use_lease(exchange);
  }
  io_uring_prep_poll_add(arm(Op::poll_client, exchange), exchange.client.get(), POLLIN | POLLRDHUP);
}

void ExchangePool::on_chunk(Exchange& exchange, int result) noexcept {
  if (result <= 0) return on_client_gone(exchange);
  exchange.begin = 0;
  exchange.end = static_cast<std::size_t>(result);
  std::size_t body_bytes = 0;
  if (!check_chunks(exchange, body_bytes)) return;
  send_request(exchange, 0, body_bytes);
}

// Parses what is in the lease: `body_bytes` of it belong to this request. False when it is wrong;
// then the exchange is ending.
bool ExchangePool::check_chunks(Exchange& exchange, std::size_t& body_bytes) noexcept {
  const auto bytes = exchange.lease.memory().first(exchange.end).subspan(exchange.begin);
  body_bytes = 0;
  if (bytes.empty()) return true;
  const http::ParseStep step = exchange.parser.parse(bytes);
  body_bytes = step.consumed;
  if (step.status == http::ParseStatus::error) {
    const int status = exchange.parser.error_status();
    exchange.begin = exchange.end;
    end(exchange, exchange.response_begun ? Ending::close : Ending::lingering_close, status);
    return false;
  }
  exchange.request_done = step.status == http::ParseStatus::message_complete;
  return true;
}

}  // namespace urb
