// The master that accepts and passes each connected socket on, unread. It is never in the data
// path, and it sees no request: a connection is placed once, whatever is asked on it.
#pragma once

#include <algorithm>
#include <utility>

#include "mode/courier.hpp"
#include "mode/mode.hpp"

namespace urb {

template <class Courier>
class UnreadMaster {
 public:
  UnreadMaster(Ring& ring, MasterContext& context)
      : context_{context},
        placement_{context.config.policy, context.config.workers, context.config.seed},
        courier_{ring, kCourier, context, placement_},
        acceptor_{ring, kAcceptor, context.listener, 0, context.counters, Courier::kAcceptInto} {}

  void start() {
    courier_.start();
    acceptor_.start();
  }

  void on_completion(const Completion& done) noexcept {
    if (done.token.owner == kCourier) return courier_.on_completion(done);
    Socket socket = acceptor_.on_completion(done);
    if (!socket.is_open()) return;
    context_.counters.connections_opened.add();
    observe_ends(placement_, courier_, context_.worker_counters);
    courier_.give(placement_.pick(), std::move(socket));
  }
  void on_batch_end(Nanos) noexcept { courier_.on_batch_end(); }
  [[nodiscard]] Nanos next_deadline() noexcept {
    return std::min(acceptor_.next_deadline(), courier_.next_deadline());
  }
  void on_deadline(Nanos now) noexcept {
    acceptor_.on_deadline(now);
    courier_.on_deadline(now);
  }
  void begin_stop() noexcept { acceptor_.begin_stop(); }
  void cut_off() noexcept { courier_.cut_off(); }
  void on_worker_lost(unsigned worker) noexcept {
    observe_death(worker, placement_, courier_, context_.worker_counters);
  }
  void on_worker_back(unsigned worker) noexcept { courier_.on_worker_back(worker); }
  [[nodiscard]] bool is_idle() noexcept { return acceptor_.is_idle() && courier_.is_idle(); }

 private:
  enum Owner : std::uint8_t { kAcceptor = 1, kCourier };
  MasterContext& context_;
  Placement placement_;
  Courier courier_;
  Acceptor acceptor_;
};

}  // namespace urb
