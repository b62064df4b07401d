// The request's leg of an exchange: from the client to the worker.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "http/request_parser.hpp"
#include "net/exchange_leg.hpp"
#include "net/head_reader.hpp"

namespace urb {

enum class RequestState : std::uint8_t {
  start,         ///< the head has been read, nothing has been sent
  sending,       ///< a piece goes to the worker, and more follows it
  relaying,      ///< the rest of a body of known length goes through the relay
  receiving,     ///< the next piece of a chunked body is awaited from the client
  sending_last,  ///< the last piece goes to the worker; nothing more comes from the client
  refused,       ///< the worker takes no more, perhaps because it has answered
  done,          ///< the worker has all of it
};

enum class RequestAction : std::uint8_t {
  send,                ///< sends `message` to the worker
  send_with_continue,  ///< the same, and 100 (Continue) to the client
  relay,               ///< moves `left` bytes from the client to the worker
  receive,             ///< reads from the client into the room of `part`
  await_response,      ///< nothing: it is the worker's turn
  client_gone,         ///< ends the exchange
  worker_gone,         ///< ends the exchange with 502, if that can still be said
  refuse,              ///< ends the exchange with parser.error_status(), in the same way
};

struct RequestLeg : LegWork {
  /// `part` has yet to be attached to the buffer of `read`, which begins with the head.
  RequestLeg(const ReadHead& read, std::optional<Bytes> body_max) noexcept;
  [[nodiscard]] RequestAction resume(LegEvent event) noexcept;

  /// Nothing more has to be read from the client.
  [[nodiscard]] bool is_read() const noexcept {
    return state == RequestState::sending_last || state == RequestState::done;
  }

  RequestState state = RequestState::start;
  RequestPart part;
  std::vector<std::byte> parked;  ///< what the client sent behind its request
  http::RequestHead head;
  http::RequestParser parser;  ///< of a chunked body

 private:
  [[nodiscard]] RequestAction send(iovec rewritten_head) noexcept;
};

}  // namespace urb
