// The master that accepts, reads just the head, chooses a worker by it, and hands over the socket
// with every byte already read. After that it is out of the data path; on a kept-alive connection
// the worker reads all further requests, so the choice is made once per connection.
#pragma once

#include <algorithm>
#include <utility>

#include "mode/courier.hpp"
#include "mode/head_buffers.hpp"
#include "mode/mode.hpp"
#include "net/head_reader.hpp"

namespace urb {

template <class Courier>
class HeadMaster {
 public:
  HeadMaster(Ring& ring, MasterContext& context)
      : ring_{ring},
        context_{context},
        placement_{context.config.policy, context.config.workers, context.config.seed},
        buffers_{ring, head_buffer_options(context.config)},
        courier_{ring, kCourier, context, placement_},
        acceptor_{ring, kAcceptor, context.listener, 0, context.counters, Courier::kAcceptInto},
        farewell_{ring, kFarewell, context.counters, kFarewellsMax},
        heads_{ring,
               kHeads,
               buffers_,
               farewell_,
               context.counters,
               context.config.limits,
               context.connection_capacity} {}

  void start() {
    courier_.start();
    acceptor_.start();
  }

  void on_completion(const Completion& done) noexcept {
    switch (done.token.owner) {
      case kAcceptor:
        if (Socket socket = acceptor_.on_completion(done); socket.is_open()) {
          context_.counters.connections_opened.add();
          hand_over(heads_.begin(std::move(socket)));
        }
        break;
      case kHeads: hand_over(heads_.on_completion(done)); break;
      case kCourier: courier_.on_completion(done); break;
      case kFarewell: farewell_.on_completion(done); break;
      default: URB_ASSERT(false);
    }
  }
  void on_batch_end(Nanos now) noexcept {
    heads_.on_batch_end(now);
    courier_.on_batch_end();
  }
  [[nodiscard]] Nanos next_deadline() noexcept {
    return std::min({acceptor_.next_deadline(), heads_.next_deadline(), farewell_.next_deadline(),
                     courier_.next_deadline()});
  }
  void on_deadline(Nanos now) noexcept {
    acceptor_.on_deadline(now);
    heads_.on_deadline(now);
    farewell_.on_deadline(now);
    courier_.on_deadline(now);
  }
  void begin_stop() noexcept {
    // Heads that have begun are still finished and handed over; idle connections end now.
    context_.stop_workers();
    acceptor_.begin_stop();
    heads_.begin_stop();
  }
  void cut_off() noexcept {
    heads_.cut_off();
    farewell_.cut_off();
    courier_.cut_off();
  }
  void on_worker_lost(unsigned worker) noexcept {
    observe_death(worker, placement_, courier_, context_.worker_counters);
  }
  void on_worker_back(unsigned worker) noexcept { courier_.on_worker_back(worker); }
  [[nodiscard]] bool is_idle() noexcept {
    return acceptor_.is_idle() && heads_.is_idle() && courier_.is_idle() && farewell_.is_idle();
  }

 private:
  enum Owner : std::uint8_t { kAcceptor = 1, kHeads, kCourier, kFarewell };
  static constexpr std::size_t kFarewellsMax = 1024;

  void hand_over(std::optional<ReadHead> read) noexcept {
    if (!read) return;
    observe_ends(placement_, courier_, context_.worker_counters);
    const http::RequestHead& head = read->head;
    const unsigned worker =
        placement_.pick(head.has_route ? std::optional{head.route_hash} : std::nullopt);
    Socket refused = courier_.give_with_bytes(worker, std::move(read->socket),
                                              std::move(read->lease), read->begin, read->end);
    if (refused.is_open()) {
      farewell_.begin(std::move(refused), 503, ring_.now(), head.is_head_method);
    }
  }

  Ring& ring_;
  MasterContext& context_;
  Placement placement_;
  BufferPool buffers_;
  Courier courier_;
  Acceptor acceptor_;
  Farewell farewell_;
  HeadReader heads_;
};

}  // namespace urb
