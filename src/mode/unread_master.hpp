// The master that accepts and passes each connected socket on, unread. It is never in the data
// path, and it sees no request: a connection is placed once, whatever is asked on it.
#pragma once

#include <tuple>
#include <utility>

#include "mode/mode.hpp"
#include "mode/parts.hpp"
#include "mode/transport.hpp"

namespace urb {

template <class Transport>
class UnreadMaster : public Parts<UnreadMaster<Transport>> {
 public:
  UnreadMaster(Ring& ring, MasterContext& context)
      : context_{context},
        placement_{context.config.policy.value_or(Policy::rr), context.config.workers,
                   context.config.seed},
        transport_{ring, kTransport, context, placement_},
        acceptor_{ring, kAcceptor, context.listener, 0, context.counters, Transport::kAcceptInto} {}

  void on_completion(const Completion& done) noexcept {
    if (done.token.owner == kTransport) return transport_.on_completion(done);
    Socket socket = acceptor_.on_completion(done);
    if (!socket.is_open()) return;
    context_.counters.connections_opened.add();
    observe_ends(placement_, transport_, context_.worker_counters);
    transport_.give(placement_.pick(), std::move(socket));
  }
  void on_worker_lost(unsigned worker) noexcept {
    observe_death(worker, placement_, transport_, context_.worker_counters);
  }

 private:
  enum Owner : std::uint8_t { kAcceptor = 1, kTransport };
  friend class Parts<UnreadMaster>;
  auto parts() noexcept { return std::tie(transport_, acceptor_); }

  MasterContext& context_;
  Placement placement_;
  Transport transport_;
  Acceptor acceptor_;
};

}  // namespace urb
