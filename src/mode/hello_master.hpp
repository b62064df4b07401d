// The master that accepts, looks at the ClientHello, chooses a worker by the name in it, and passes
// the socket on, unread: the worker does all of TLS. It never sees a request.
#pragma once

#include <tuple>
#include <utility>

#include "mode/mode.hpp"
#include "mode/parts.hpp"
#include "mode/transport.hpp"
#include "net/hello_reader.hpp"

namespace urb {

template <class Transport>
class HelloMaster : public Parts<HelloMaster<Transport>> {
 public:
  HelloMaster(Ring& ring, MasterContext& context)
      : context_{context},
        placement_{context.config.policy.value_or(Policy::rr), context.config.workers,
                   context.config.seed},
        transport_{ring, kTransport, context, placement_},
        acceptor_{ring, kAcceptor, context.listener, 0, context.counters, Transport::kAcceptInto},
        lingering_close_{ring, kLingeringClose, context.counters},
        hellos_{ring,
                kHellos,
                lingering_close_,
                context.counters,
                context.config.tls.handshake_timeout,
                context.connection_capacity} {}

  void on_completion(const Completion& done) noexcept {
    switch (done.token.owner) {
      case kAcceptor:
        if (Socket socket = acceptor_.on_completion(done); socket.is_open()) {
          context_.counters.connections_opened.add();
          hellos_.begin(std::move(socket));
        }
        break;
      case kHellos:
        if (auto seen = hellos_.on_completion(done)) hand_over(std::move(*seen));
        break;
      case kTransport: transport_.on_completion(done); break;
      case kLingeringClose: lingering_close_.on_completion(done); break;
      default: URB_ASSERT(false);
    }
  }
  void on_worker_lost(unsigned worker) noexcept {
    observe_death(worker, placement_, transport_, context_.worker_counters);
  }

 private:
  enum Owner : std::uint8_t { kAcceptor = 1, kHellos, kTransport, kLingeringClose };
  friend class Parts<HelloMaster>;
  auto parts() noexcept { return std::tie(hellos_, transport_, acceptor_, lingering_close_); }

  void hand_over(SeenHello seen) noexcept {
    observe_ends(placement_, transport_, context_.worker_counters);
    transport_.give(placement_.pick(seen.name_hash), std::move(seen.socket));
  }

  MasterContext& context_;
  Placement placement_;
  Transport transport_;
  Acceptor acceptor_;
  LingeringClose lingering_close_;
  HelloReader hellos_;
};

}  // namespace urb
