// How a master gets a connection to a worker once it knows which: the part in which `cluster` and
// `socket` differ from `msgring` and `msgring-head`, and in nothing else.
#pragma once

#include <cstdint>
#include <utility>

#include "mode/mode.hpp"
#include "mode/placement.hpp"
#include "net/acceptor.hpp"
#include "net/handover.hpp"

namespace urb {

/// As a message in the worker's channel: SENDMSG + SCM_RIGHTS.
class ChannelCourier {
 public:
  static constexpr AcceptInto kAcceptInto = AcceptInto::descriptor;

  ChannelCourier(Ring& ring, std::uint8_t owner, MasterContext& context, Placement& placement)
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
  void on_worker_lost(unsigned worker) noexcept { placement_.set_present(worker, false); }
  void on_worker_back(unsigned worker) noexcept {
    placement_.set_present(worker, true);
    sender_.resume(worker);
  }
  /// The grace is over: what no worker has is closed.
  void cut_off() noexcept { sender_.cut_off(); }
  [[nodiscard]] bool is_idle() const noexcept { return sender_.is_idle(); }

 private:
  Placement& placement_;
  HandoverSender sender_;
};

}  // namespace urb
