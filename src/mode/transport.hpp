// How a master gets a connection to a worker once it knows which: the part in which `cluster` and
// `socket` differ from `msgring` and `msgring-head`, and in nothing else.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "mode/mode.hpp"
#include "mode/placement.hpp"
#include "net/acceptor.hpp"
#include "net/handover.hpp"

namespace urb {

// THE ACCOUNT of `least`, where a connection is placed once and its end is the worker's matter.
// What has been placed on a worker is open there, or on its way. Each connection is given back
// once, by the first of these:
//   - the worker's `connections_closed`, for all that it has got, and for what it had no room for;
//   - the transport's undelivered(), for what it has refused or closed, or what reached a dead
//   worker
//     after that one's death was known;
//   - that death, for all but the unsent(), which go to the replacement.

/// Tells `placement` what has ended at the workers and on the way to them.
template <class Transport>
void observe_ends(Placement& placement, const Transport& transport,
                  std::span<const Counters* const> worker_counters) noexcept {
  if (!placement.counts_ends()) return;
  for (unsigned worker = 0; worker < worker_counters.size(); ++worker) {
    placement.set_ended(
        worker, worker_counters[worker]->connections_closed.get() + transport.undelivered(worker));
  }
}

/// The same after the death of `worker`, whose connections have been counted as closed.
template <class Transport>
void observe_death(unsigned worker, Placement& placement, Transport& transport,
                   std::span<const Counters* const> worker_counters) noexcept {
  transport.on_worker_lost(worker);
  observe_ends(placement, transport, worker_counters);
  placement.forget_all_but(worker, transport.unsent(worker));
}

/// As a message in the worker's channel: SENDMSG + SCM_RIGHTS.
class ChannelTransport {
 public:
  static constexpr AcceptInto kAcceptInto = AcceptInto::descriptor;

  ChannelTransport(Ring& ring, std::uint8_t owner, MasterContext& context, Placement& placement)
      : placement_{placement},
        sender_{ring, owner, context.channels, context.counters, context.connection_capacity} {}

  void start() {}
  /// Unread; sockets that were given in one batch share a message per worker.
  void give(unsigned worker, Socket socket) noexcept { sender_.give(worker, socket.take_fd()); }
  /// With lease bytes [begin, end); gives the socket back when too many wait already.
  [[nodiscard]] Socket give_with_bytes(unsigned worker, Socket socket, BufferLease lease,
                                       std::size_t begin, std::size_t end) noexcept {
    return sender_.give_with_bytes(worker, socket.take_fd(), std::move(lease), begin, end);
  }
  void on_completion(const Completion& done) noexcept { sender_.on_completion(done); }
  void on_batch_end() noexcept { sender_.flush(); }
  [[nodiscard]] Nanos next_deadline() noexcept { return kNever; }
  void on_deadline(Nanos) noexcept {}
  void on_worker_lost(unsigned worker) noexcept {
    placement_.set_present(worker, false);
    sender_.suspend(worker);
  }
  void on_worker_back(unsigned worker) noexcept {
    placement_.set_present(worker, true);
    sender_.resume(worker);
  }
  /// The grace is over: what no worker has is closed.
  void cut_off() noexcept { sender_.cut_off(); }
  [[nodiscard]] bool is_idle() const noexcept { return sender_.is_idle(); }
  [[nodiscard]] std::uint64_t undelivered(unsigned worker) const noexcept {
    return sender_.undelivered(worker);
  }
  [[nodiscard]] std::uint64_t unsent(unsigned worker) noexcept { return sender_.unsent(worker); }

 private:
  Placement& placement_;
  HandoverSender sender_;
};

}  // namespace urb
