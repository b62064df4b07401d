// Messages on their way, in either direction, and receivers that take no more.
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "net/exchange.hpp"

namespace urb {

void ExchangePool::Outgoing::set(iovec first, iovec second) noexcept {
  parts = {first, second};
  left = first.iov_len + second.iov_len;
}

void ExchangePool::Outgoing::prep(io_uring_sqe* sqe, int socket) noexcept {
  message = {};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  io_uring_prep_sendmsg(sqe, socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void ExchangePool::Outgoing::advance(std::size_t sent) noexcept {
  std::vector<std::byte> unsent;
  unsent.reserve(left - sent);
  for (const iovec& part : parts) {
    const std::size_t skipped = std::min(sent, part.iov_len);
    const auto* const bytes = static_cast<const std::byte*>(part.iov_base);
    unsent.insert(unsent.end(), bytes + skipped, bytes + part.iov_len);
    sent -= skipped;
  }
  rest = std::move(unsent);
  set({rest.data(), rest.size()}, {});
}

void ExchangePool::send_on(Exchange& exchange, Direction direction) noexcept {
  if (direction == Direction::up) {
    exchange.request.prep(arm(Op::send_request, exchange), exchange.upstream.get());
  } else {
    exchange.answer.prep(arm(Op::send_response, exchange), exchange.client.get());
  }
}

// True when all has been sent. Else the exchange waits for the receiver, without a buffer, or ends.
bool ExchangePool::has_sent(Exchange& exchange, Direction direction, int result) noexcept {
  const bool is_up = direction == Direction::up;
  Outgoing& outgoing = is_up ? exchange.request : exchange.answer;
  exchange.moved_by_hand += static_cast<std::uint64_t>(std::max(result, 0));
  if (result >= 0 && static_cast<std::uint64_t>(result) == outgoing.left) {
    outgoing.rest = {};
    return true;
  }
  outgoing.advance(static_cast<std::size_t>(std::max(result, 0)));
  if (!is_up) exchange.response_end = 0;
  release_lease(exchange);
  const Op op = is_up ? Op::wait_upstream : Op::wait_client;
  outgoing.wait.prep(arm(op, exchange), is_up ? exchange.upstream.get() : exchange.client.get());
  return false;
}

void ExchangePool::on_wait(Exchange& exchange, Direction direction,
                           const Completion& done) noexcept {
  const bool is_up = direction == Direction::up;
  Outgoing& outgoing = is_up ? exchange.request : exchange.answer;
  const Op op = is_up ? Op::wait_upstream : Op::wait_client;
  switch (outgoing.wait.on_completion(done)) {
    case WriteWait::Step::wait: return;
    case WriteWait::Step::cancel:
      return io_uring_prep_cancel64(ring_.sqe(token(Op::cancel, exchange)),
                                    pack(token(op, exchange)), 0);
    case WriteWait::Step::again:
      return outgoing.wait.prep(arm(op, exchange),
                                is_up ? exchange.upstream.get() : exchange.client.get());
    case WriteWait::Step::go_on: return send_on(exchange, direction);
    case WriteWait::Step::fail:
      return is_up ? on_upstream_gone(exchange) : on_client_gone(exchange);
  }
}

}  // namespace urb
