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
//   - the transport's undelivered(), for what it has refused or closed, and for what reached a
//     worker after its death was known;
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
class ChannelTransport : public HandoverSender {
 public:
  static constexpr AcceptInto kAcceptInto = AcceptInto::descriptor;

  ChannelTransport(Ring& ring, std::uint8_t owner, MasterContext& context, Placement& placement)
      : HandoverSender{ring, owner, context.channels, context.counters,
                       context.connection_capacity},
        placement_{placement} {}

  void on_worker_lost(unsigned worker) noexcept {
    placement_.set_present(worker, false);
    HandoverSender::on_worker_lost(worker);
  }
  void on_worker_back(unsigned worker) noexcept {
    placement_.set_present(worker, true);
    HandoverSender::on_worker_back(worker);
  }

 private:
  Placement& placement_;
};

}  // namespace urb
