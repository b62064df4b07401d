// The master that accepts, reads just the head, chooses a worker by it, and hands over the socket
// with every byte already read. After that it is out of the data path; on a kept-alive connection
// the worker reads all further requests, so the choice is made once per connection.
#pragma once

#include <tuple>
#include <utility>

#include "mode/entrance.hpp"
#include "mode/head_buffers.hpp"
#include "mode/mode.hpp"
#include "mode/parts.hpp"
#include "mode/transport.hpp"
#include "net/head_reader.hpp"

namespace urb {

template <class Transport, class Entrance = PlainEntrance>
class HeadMaster : public Parts<HeadMaster<Transport, Entrance>> {
 public:
  HeadMaster(Ring& ring, MasterContext& context)
      : ring_{ring},
        context_{context},
        placement_{context.config.policy.value_or(Policy::rr), context.config.workers,
                   context.config.seed},
        buffers_{ring, head_buffer_options(context.config)},
        transport_{ring, kTransport, context, placement_},
        entrance_{ring, kEntrance, context, {Transport::kAcceptInto}},
        lingering_close_{ring, kLingeringClose, context.counters, Entrance::leavers_max(context),
                         Entrance::kEndBy},
        heads_{ring,
               kHeads,
               buffers_,
               lingering_close_,
               context.counters,
               context.config.limits,
               context.connection_capacity} {}

  void on_completion(const Completion& done) noexcept {
    switch (done.token.owner) {
      case kHeads: hand_over(heads_.on_completion(done)); break;
      case kTransport: transport_.on_completion(done); break;
      case kLingeringClose: lingering_close_.on_completion(done); break;
      default:
        URB_ASSERT(done.token.owner >= kEntrance);
        if (Socket socket = entrance_.on_completion(done); socket.is_open()) {
          hand_over(heads_.begin(std::move(socket)));
        }
    }
  }
  /// Heads that have begun are still finished and handed over; idle connections end now.
  void begin_stop() noexcept {
    context_.stop_workers();
    Parts<HeadMaster>::begin_stop();
  }
  void on_worker_lost(unsigned worker) noexcept {
    observe_death(worker, placement_, transport_, context_.worker_counters);
  }

 private:
  enum Owner : std::uint8_t { kHeads = 1, kTransport, kLingeringClose, kEntrance };  // and on
  friend class Parts<HeadMaster>;
  auto parts() noexcept { return std::tie(transport_, entrance_, heads_, lingering_close_); }

  void hand_over(std::optional<ReadHead> read) noexcept {
    if (!read) return;
    observe_ends(placement_, transport_, context_.worker_counters);
    const http::RequestHead& head = read->head;
    const unsigned worker =
        placement_.pick(head.has_route ? std::optional{head.route_hash} : std::nullopt);
    Socket refused = transport_.give_with_bytes(worker, std::move(read->socket),
                                                std::move(read->lease), read->begin, read->end);
    if (refused.is_open()) {
      lingering_close_.begin(std::move(refused), 503, ring_.now(), head.is_head_method);
    }
  }

  Ring& ring_;
  MasterContext& context_;
  Placement placement_;
  BufferPool buffers_;
  Transport transport_;
  Entrance entrance_;
  LingeringClose lingering_close_;
  HeadReader heads_;
};

}  // namespace urb
