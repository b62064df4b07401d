#include "net/request_leg.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "http/forward.hpp"

namespace urb {

static_assert(kHeadBufferBytes - kHeadReadArea >= http::kForwardedHeadBytesMax);

RequestLeg::RequestLeg(const ReadHead& read, std::optional<Bytes> body_max) noexcept
    : head{read.head}, parser{body_max} {
  left = head.content_length;
  part.set(read.begin, read.end);
}

RequestAction RequestLeg::resume(LegEvent event) noexcept {
  switch (state) {
    case RequestState::start: {
      const auto source = part.take(event.bytes);
      const auto rewritten = http::write_forwarded_request(source, head, part.rewrite_area());
      URB_ASSERT(rewritten);  // the same parser has just accepted it
      if (head.chunked) {
        // This parser starts from the head too, so that it knows what follows.
        const http::ParseStep step = parser.parse(source);
        URB_ASSERT(step.status == http::ParseStatus::head_complete);
      }
      // Expect is not forwarded: whoever waits for the body answers it, before any byte of it came.
      const bool is_awaited = head.expect_continue && head.has_body() && part.is_empty();
      const RequestAction action = send(to_iovec(part.rewrite_area().first(*rewritten)));
      return is_awaited ? RequestAction::send_with_continue : action;
    }
    case RequestState::sending:
    case RequestState::sending_last:
      if (event.kind == LegEvent::gave_up) return RequestAction::worker_gone;
      if (event.kind == LegEvent::target_failed) {
        state = RequestState::refused;
        return RequestAction::await_response;
      }
      if (state == RequestState::sending_last) {
        state = RequestState::done;
        return RequestAction::await_response;
      }
      if (!head.chunked) {
        state = RequestState::relaying;
        return RequestAction::relay;
      }
      part.clear();
      state = RequestState::receiving;
      return RequestAction::receive;

    case RequestState::receiving:
      if (event.kind == LegEvent::source_ended) return RequestAction::client_gone;
      part.add(event.bytes);
      return send({});

    case RequestState::relaying:
      if (event.kind == LegEvent::source_ended) return RequestAction::client_gone;
      if (event.kind == LegEvent::gave_up) return RequestAction::worker_gone;
      state = event.kind == LegEvent::sent ? RequestState::done : RequestState::refused;
      return RequestAction::await_response;

    case RequestState::refused:
    case RequestState::done: break;
  }
  URB_ASSERT(false);  // nothing was asked for
  return RequestAction::worker_gone;
}

// Sends what of the request is in the buffer, behind its head if that is still to be sent.
RequestAction RequestLeg::send(iovec rewritten_head) noexcept {
  std::size_t size = part.bytes().size();
  bool is_last = false;
  if (!head.chunked) {
    size = std::min<std::uint64_t>(size, left);
    left -= size;
    is_last = left == 0;
  } else if (size != 0) {
    const http::ParseStep step = parser.parse(part.bytes());
    if (step.status == http::ParseStatus::error) return RequestAction::refuse;
    size = step.consumed;
    is_last = step.status == http::ParseStatus::message_complete;
  }
  state = is_last ? RequestState::sending_last : RequestState::sending;
  message.set(rewritten_head, to_iovec(part.take(size)));
  return RequestAction::send;
}

}  // namespace urb
