// The master that accepts and passes each connected socket on, unread. It is never in the data
// path, and it sees no request: a connection is placed once, whatever is asked on it.
#pragma once

#include <algorithm>
#include <utility>

#include "mode/mode.hpp"
#include "mode/transport.hpp"

namespace urb {

template <class Transport>
class UnreadMaster {
 public:
  UnreadMaster(Ring& ring, MasterContext& context)
      : context_{context},
        placement_{context.config.policy, context.config.workers, context.config.seed},
        transport_{ring, kTransport, context, placement_},
        acceptor_{ring, kAcceptor, context.listener, 0, context.counters, Transport::kAcceptInto} {}

  void start() {
    transport_.start();
    acceptor_.start();
  }

  void on_completion(const Completion& done) noexcept {
    if (done.token.owner == kTransport) return transport_.on_completion(done);
    Socket socket = acceptor_.on_completion(done);
    if (!socket.is_open()) return;
    context_.counters.connections_opened.add();
    observe_ends(placement_, transport_, context_.worker_counters);
    transport_.give(placement_.pick(), std::move(socket));
  }
  void on_batch_end(Nanos) noexcept { transport_.on_batch_end(); }
  [[nodiscard]] Nanos next_deadline() noexcept {
    return std::min(acceptor_.next_deadline(), transport_.next_deadline());
  }
  void on_deadline(Nanos now) noexcept {
    acceptor_.on_deadline(now);
    transport_.on_deadline(now);
  }
  void begin_stop() noexcept { acceptor_.begin_stop(); }
  void cut_off() noexcept { transport_.cut_off(); }
  void on_worker_lost(unsigned worker) noexcept {
    observe_death(worker, placement_, transport_, context_.worker_counters);
  }
  void on_worker_back(unsigned worker) noexcept { transport_.on_worker_back(worker); }
  [[nodiscard]] bool is_idle() noexcept { return acceptor_.is_idle() && transport_.is_idle(); }

 private:
  enum Owner : std::uint8_t { kAcceptor = 1, kTransport };
  MasterContext& context_;
  Placement placement_;
  Transport transport_;
  Acceptor acceptor_;
};

}  // namespace urb
