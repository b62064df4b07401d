// How connections come to a master that reads heads: accepted, and where the kernel does TLS, with
// the handshake behind them.
#pragma once

#include <sys/socket.h>

#include <tuple>
#include <utility>

#include "mode/mode.hpp"
#include "mode/parts.hpp"
#include "net/acceptor.hpp"
#include "net/handshaker.hpp"
#include "net/lingering_close.hpp"

namespace urb {

/// What a connection is when it comes out of an entrance.
struct EntranceInto {
  AcceptInto kind = AcceptInto::descriptor;
  bool blocks = true;  ///< of a descriptor
};

class PlainEntrance : public Acceptor {
 public:
  static constexpr EndBy kEndBy = EndBy::shutdown;
  /// Connections that its master may have in the lingering close.
  [[nodiscard]] static std::size_t leavers_max(const MasterContext&) noexcept {
    return kLingeringClosesMax;
  }

  PlainEntrance(Ring& ring, std::uint8_t owner, MasterContext& context, EntranceInto into)
      : Acceptor{ring,
                 owner,
                 context.listener,
                 into.kind == AcceptInto::descriptor && !into.blocks ? SOCK_NONBLOCK : 0,
                 context.counters,
                 into.kind},
        counters_{context.counters} {}

  /// A connection whose first head is to be read, or a socket that is not open.
  [[nodiscard]] Socket on_completion(const Completion& done) noexcept {
    Socket socket = Acceptor::on_completion(done);
    if (socket.is_open()) counters_.connections_opened.add();
    return socket;
  }

 private:
  Counters& counters_;
};

/// The same behind a handshake, whose keys the kernel has.
class KtlsEntrance : public Parts<KtlsEntrance> {
 public:
  static constexpr EndBy kEndBy = EndBy::close_notify;
  /// All of them, since none is closed at once.
  [[nodiscard]] static std::size_t leavers_max(const MasterContext& context) noexcept {
    return context.connection_capacity;
  }

  KtlsEntrance(Ring& ring, std::uint8_t owner, MasterContext& context, EntranceInto into)
      : owner_{owner},
        acceptor_{ring, owner, context, {AcceptInto::descriptor, /*blocks=*/false}},
        failures_{ring, static_cast<std::uint8_t>(owner + 1), context.counters},
        handshaker_{ring,
                    static_cast<std::uint8_t>(owner + 2),
                    failures_,
                    context.counters,
                    context.config.tls,
                    context.connection_capacity,
                    {into.kind, into.blocks}} {}

  [[nodiscard]] Socket on_completion(const Completion& done) noexcept {
    if (done.token.owner == owner_ + 2) return handshaker_.on_completion(done);
    if (done.token.owner == owner_ + 1) {
      failures_.on_completion(done);
    } else if (Socket socket = acceptor_.on_completion(done); socket.is_open()) {
      handshaker_.begin(std::move(socket));
    }
    return {};
  }

 private:
  friend class Parts<KtlsEntrance>;
  auto parts() noexcept { return std::tie(acceptor_, handshaker_, failures_); }

  std::uint8_t owner_;
  PlainEntrance acceptor_;
  LingeringClose failures_;
  Handshaker handshaker_;
};

}  // namespace urb
