// The response's leg of an exchange: from the worker to the client.
#pragma once

#include <cstdint>

#include "http/response_parser.hpp"
#include "net/exchange_leg.hpp"
#include "net/request_leg.hpp"

namespace urb {

enum class ResponseState : std::uint8_t {
  idle,        ///< nothing is expected: no piece of the request has gone out
  continuing,  ///< the same, while 100 (Continue) goes to the client
  receiving,   ///< the head is awaited from the worker
  held,        ///< the head is complete; the request is not known to be
  sending,     ///< the head and what was read with it go to the client
  relaying,    ///< the rest of the body goes through the relay
  done,        ///< the client has all of it
};

enum class ResponseAction : std::uint8_t {
  none,
  receive_later,  ///< reads from the worker into the room of `part`, once something is there
  receive,        ///< the same, or at once where buffers are plenty
  receive_rest,   ///< the same, at once: the buffer holds a part of the head
  send,           ///< sends `message` to the client
  relay,          ///< moves `left` bytes from the worker to the client
  finish,         ///< ends the exchange, whose response is complete
  client_gone,    ///< ends the exchange
  worker_gone,    ///< ends the exchange with 502, if that can still be said
};

struct ResponseLeg : LegWork {
  /// `is_stopping`: no connection is kept from here on.
  [[nodiscard]] ResponseAction resume(LegEvent event, const RequestLeg& request,
                                      bool is_stopping) noexcept;

  /// The client may have seen a part of it: there can be no other response.
  [[nodiscard]] bool has_begun() const noexcept { return state >= ResponseState::sending; }

  ResponseState state = ResponseState::idle;
  bool keeps_client = false;  ///< the head that was sent says so
  bool keeps_worker = false;  ///< the worker's head said so, and nothing follows its message
  ResponsePart part;
  std::size_t head_bytes = 0;  ///< of the part, once the head is complete
  http::ResponseParser parser;

 private:
  [[nodiscard]] ResponseAction send(const RequestLeg& request, bool is_stopping) noexcept;
};

}  // namespace urb
