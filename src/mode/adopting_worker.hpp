// The worker of every mode whose master hands sockets over: it adopts what comes through the
// channel and serves it. `passthru` uses it too, with the ends of the relay's socket pairs.
#pragma once

#include <tuple>
#include <utility>

#include "mode/mode.hpp"
#include "mode/parts.hpp"
#include "net/handover.hpp"
#include "net/lingering_close.hpp"
#include "net/session.hpp"

namespace urb {

/// The options of a worker's sessions, as its process was configured.
[[nodiscard]] SessionOptions session_options(const WorkerContext& context);

template <class Wire>
class BasicAdoptingWorker : public Parts<BasicAdoptingWorker<Wire>> {
 public:
  BasicAdoptingWorker(Ring& ring, WorkerContext& context)
      : BasicAdoptingWorker{ring, context, session_options(context)} {}
  BasicAdoptingWorker(Ring& ring, WorkerContext& context, const SessionOptions& options);

  /// Serves a socket that came another way than through the channel, with the bytes [begin, end) of
  /// `prefix` that were read from it before.
  void adopt(Socket socket, BufferLease prefix = {}, std::size_t begin = 0,
             std::size_t end = 0) noexcept {
    sessions_.adopt(std::move(socket), std::move(prefix), begin, end);
  }
  void on_completion(const Completion& done) noexcept;
  /// The channel has ended, which is the order to finish. What the master has sent before is
  /// served.
  [[nodiscard]] bool must_stop() const noexcept { return receiver_.is_idle(); }

  /// Owner ids from here on are free for a role that contains this one.
  static constexpr std::uint8_t kFirstFreeOwner = 4;

 private:
  enum Owner : std::uint8_t { kReceiver = 1, kSessions, kLingeringClose };
  friend class Parts<BasicAdoptingWorker>;
  auto parts() noexcept { return std::tie(receiver_, sessions_, lingering_close_); }

  HandoverReceiver receiver_;
  LingeringClose lingering_close_;
  BasicSessionPool<Wire> sessions_;
};

using AdoptingWorker = BasicAdoptingWorker<PlainWire>;
using TlsAdoptingWorker = BasicAdoptingWorker<TlsWire>;
using KtlsAdoptingWorker = BasicAdoptingWorker<KtlsWire>;
extern template class BasicAdoptingWorker<PlainWire>;
extern template class BasicAdoptingWorker<TlsWire>;
extern template class BasicAdoptingWorker<KtlsWire>;

}  // namespace urb
