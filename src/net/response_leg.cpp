#include "net/response_leg.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "http/forward.hpp"

namespace urb {

ResponseAction ResponseLeg::resume(LegEvent event, const RequestLeg& request,
                                   bool is_stopping) noexcept {
  switch (state) {
    case ResponseState::continuing:
      if (event.kind != LegEvent::continued) return ResponseAction::none;
      state = ResponseState::idle;
      [[fallthrough]];
    case ResponseState::idle:
      switch (request.state) {
        case RequestState::start:
        case RequestState::sending:
        case RequestState::sending_last: return ResponseAction::none;
        case RequestState::relaying:
        case RequestState::receiving:
          state = ResponseState::receiving;  // it may come before the body has ended
          return ResponseAction::receive_later;
        case RequestState::refused:
        case RequestState::done: state = ResponseState::receiving; return ResponseAction::receive;
      }
      break;

    case ResponseState::receiving: {
      if (event.kind == LegEvent::request_moved) return ResponseAction::none;
      if (event.kind == LegEvent::source_ended) return ResponseAction::worker_gone;
      const auto fresh = part.room().first(event.bytes);
      part.add(event.bytes);
      const http::ParseStep step = parser.parse(fresh);
      if (step.status == http::ParseStatus::need_more && !part.room().empty()) {
        return ResponseAction::receive_rest;
      }
      if (step.status != http::ParseStatus::head_complete) return ResponseAction::worker_gone;
      head_bytes = part.bytes().size() - (event.bytes - step.consumed);
      state = ResponseState::held;
      [[fallthrough]];
    }
    case ResponseState::held:
      // A worker that keeps its connection has read the whole request: that its last byte went out
      // is only not known here yet. Else the client would be told to close.
      if (parser.head().keep_alive && !request.is_read()) {
        return request.state == RequestState::refused ? ResponseAction::worker_gone
                                                      : ResponseAction::none;
      }
      return send(request, is_stopping);

    case ResponseState::sending:
      if (event.kind == LegEvent::request_moved) return ResponseAction::none;
      if (event.kind != LegEvent::sent) return ResponseAction::client_gone;
      state = left == 0 ? ResponseState::done : ResponseState::relaying;
      return left == 0 ? ResponseAction::finish : ResponseAction::relay;

    case ResponseState::relaying:
      if (event.kind == LegEvent::request_moved) return ResponseAction::none;
      if (event.kind == LegEvent::target_failed) return ResponseAction::client_gone;
      if (event.kind != LegEvent::sent) return ResponseAction::worker_gone;
      state = ResponseState::done;
      return ResponseAction::finish;

    case ResponseState::done: break;
  }
  URB_ASSERT(false);  // nothing was asked for
  return ResponseAction::worker_gone;
}

ResponseAction ResponseLeg::send(const RequestLeg& request, bool is_stopping) noexcept {
  const http::ResponseHead& head = parser.head();
  // Our workers always give a length; without one only the end of the connection would end it.
  if (!head.has_content_length) return ResponseAction::worker_gone;
  const std::uint64_t length = request.head.is_head_method ? 0 : head.content_length;
  const auto source = part.bytes().first(head_bytes).subspan(parser.interim_bytes());
  const auto there = part.bytes().subspan(head_bytes);
  const auto body = there.first(std::min<std::uint64_t>(there.size(), length));
  left = length - body.size();
  keeps_client = request.head.keep_alive && request.is_read() && !is_stopping;
  keeps_worker = head.keep_alive && there.size() == body.size();
  const auto rewritten = http::write_forwarded_response(source, request.head.http11, keeps_client,
                                                        part.rewrite_area());
  if (!rewritten) return ResponseAction::worker_gone;
  message.set(to_iovec(part.rewrite_area().first(*rewritten)), to_iovec(body));
  part.clear();
  state = ResponseState::sending;
  return ResponseAction::send;
}

}  // namespace urb
