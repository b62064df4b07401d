// The master that accepts, reads just the head, chooses a worker by it, and hands over the socket
// with every byte already read. After that it is out of the data path; on a kept-alive connection
// the worker reads all further requests, so the choice is made once per connection.
#pragma once

#include <algorithm>
#include <utility>

#include "mode/head_buffers.hpp"
#include "mode/mode.hpp"
#include "mode/transport.hpp"
#include "net/head_reader.hpp"

namespace urb {

template <class Transport>
class HeadMaster {
 public:
  HeadMaster(Ring& ring, MasterContext& context)
      : ring_{ring},
        context_{context},
        placement_{context.config.policy, context.config.workers, context.config.seed},
        buffers_{ring, head_buffer_options(context.config)},
        transport_{ring, kTransport, context, placement_},
        acceptor_{ring, kAcceptor, context.listener, 0, context.counters, Transport::kAcceptInto},
        lingering_close_{ring, kLingeringClose, context.counters, kLingeringClosesMax},
        heads_{ring,
               kHeads,
               buffers_,
               lingering_close_,
               context.counters,
               context.config.limits,
               context.connection_capacity} {}

  void start() {
    transport_.start();
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
      case kTransport: transport_.on_completion(done); break;
      case kLingeringClose: lingering_close_.on_completion(done); break;
      default: URB_ASSERT(false);
    }
  }
  void on_batch_end(Nanos now) noexcept {
    heads_.on_batch_end(now);
    transport_.on_batch_end();
  }
  [[nodiscard]] Nanos next_deadline() noexcept {
    return std::min({acceptor_.next_deadline(), heads_.next_deadline(),
                     lingering_close_.next_deadline(), transport_.next_deadline()});
  }
  void on_deadline(Nanos now) noexcept {
    acceptor_.on_deadline(now);
    heads_.on_deadline(now);
    lingering_close_.on_deadline(now);
    transport_.on_deadline(now);
  }
  void begin_stop() noexcept {
    // Heads that have begun are still finished and handed over; idle connections end now.
    context_.stop_workers();
    acceptor_.begin_stop();
    heads_.begin_stop();
  }
  void cut_off() noexcept {
    heads_.cut_off();
    lingering_close_.cut_off();
    transport_.cut_off();
  }
  void on_worker_lost(unsigned worker) noexcept {
    observe_death(worker, placement_, transport_, context_.worker_counters);
  }
  void on_worker_back(unsigned worker) noexcept { transport_.on_worker_back(worker); }
  [[nodiscard]] bool is_idle() noexcept {
    return acceptor_.is_idle() && heads_.is_idle() && transport_.is_idle() &&
           lingering_close_.is_idle();
  }

 private:
  enum Owner : std::uint8_t { kAcceptor = 1, kHeads, kTransport, kLingeringClose };
  static constexpr std::size_t kLingeringClosesMax = 1024;

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
  Acceptor acceptor_;
  LingeringClose lingering_close_;
  HeadReader heads_;
};

}  // namespace urb
