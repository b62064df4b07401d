// The response's way: from the worker to the client.
#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "http/forward.hpp"
#include "net/exchange.hpp"

namespace urb {
namespace {

// The upper half of the buffer: one half of it for reading the head, the other for rewriting it.
constexpr std::size_t kReadAt = kHeadReadArea;
constexpr std::size_t kReadBytes = kHeadReadArea / 2;
constexpr std::size_t kRewriteAt = kReadAt + kReadBytes;

}  // namespace

void ExchangePool::want_response(Exchange& exchange, bool expect_soon) noexcept {
  if (exchange.response_begun || exchange.is_armed(Op::read_response) ||
      exchange.waiting_hook.is_linked) {
    return;
  }
  if (exchange.is_armed(Op::poll_response)) return release_lease(exchange);
  // Who has its buffer yet may keep it for longer, but not when few are left: a worker that does
  // not answer would hold them all.
  const std::uint32_t count = parts_.buffers.buffer_count();
  const std::uint32_t reserve = exchange.lease.is_held() ? count / 4 : count / 2;
  if (expect_soon && parts_.buffers.free_count() > reserve) {
    exchange.wants_response = true;
    return use_lease(exchange);
  }
  release_lease(exchange);
  io_uring_prep_poll_add(arm(Op::poll_response, exchange), exchange.upstream.get(),
                         POLLIN | POLLRDHUP);
}

void ExchangePool::on_response_read(Exchange& exchange, int result) noexcept {
  if (result <= 0) return on_upstream_gone(exchange);
  const auto fresh = exchange.lease.memory().subspan(kReadAt + exchange.response_end,
                                                     static_cast<std::size_t>(result));
  exchange.response_end += static_cast<std::size_t>(result);
  const http::ParseStep step = exchange.response.parse(fresh);
  switch (step.status) {
    case http::ParseStatus::need_more:
      if (exchange.response_end == kReadBytes) return on_upstream_gone(exchange);
      exchange.wants_response = true;
      return use_lease(exchange);
    case http::ParseStatus::head_complete: {
      const std::size_t unread = static_cast<std::size_t>(result) - step.consumed;
      return send_response(exchange, exchange.response_end - unread);
    }
    default: return on_upstream_gone(exchange);
  }
}

void ExchangePool::send_response(Exchange& exchange, std::size_t head_bytes) noexcept {
  exchange.response_head = head_bytes;
  if (exchange.is_armed(Op::send_continue)) return;  // sends in order; its completion comes back
  const http::ResponseHead& head = exchange.response.head();
  // A worker that keeps its connection has read the whole request: that its last byte went out is
  // only not known here yet. on_request_done() comes back; else the client would be told to close.
  if (exchange.response.head().keep_alive && !exchange.request_done) return;
  // Our workers always give a length; without one only the end of the connection would end it.
  if (!head.has_content_length) return on_upstream_gone(exchange);
  const std::uint64_t length = exchange.head.is_head_method ? 0 : head.content_length;
  const std::size_t there = exchange.response_end - head_bytes;
  const std::size_t body_bytes = std::min<std::uint64_t>(there, length);
  exchange.response_left = length - body_bytes;
  exchange.response_begun = true;
  exchange.keep_client = exchange.head.keep_alive && exchange.request_done && !stopping_;
  exchange.keep_upstream = head.keep_alive && exchange.request_done && there == body_bytes;

  const auto memory = exchange.lease.memory();
  const std::size_t interim = exchange.response.interim_bytes();
  const auto forwarded = http::write_forwarded_response(
      memory.subspan(kReadAt + interim, head_bytes - interim), exchange.head.http11,
      exchange.keep_client, memory.subspan(kRewriteAt));
  if (!forwarded) return on_upstream_gone(exchange);
  exchange.answer.set({memory.data() + kRewriteAt, *forwarded},
                      {memory.data() + kReadAt + head_bytes, body_bytes});
  send_on(exchange, Direction::down);
}

void ExchangePool::on_response_sent(Exchange& exchange, int result) noexcept {
  if (result < 0 && result != -EAGAIN && result != -EINTR) return on_client_gone(exchange);
  if (!has_sent(exchange, Direction::down, result)) return;
  exchange.response_end = 0;
  if (exchange.response_left == 0) return on_response_done(exchange);
  release_lease(exchange);
  if (!start_transfer(exchange, Direction::down, exchange.response_left)) {
    end(exchange, Ending::close, 0);
  }
}

void ExchangePool::on_response_done(Exchange& exchange) noexcept {
  exchange.response_done = true;
  if (exchange.keep_client) return end(exchange, Ending::keep, 0);
  // Bytes that nobody will read would turn the close into a reset that destroys the response.
  const bool has_unread = !exchange.request_done || exchange.begin != exchange.end ||
                          !exchange.parked.empty() || has_unread_input(exchange.client.get());
  end(exchange, has_unread ? Ending::lingering_close : Ending::close, 0);
}

}  // namespace urb
