// The worker of every mode whose master hands sockets over: it adopts what comes through the
// channel and serves it. `passthru` uses it too, with the ends of the relay's socket pairs.
#pragma once

#include <utility>

#include "mode/mode.hpp"
#include "net/handover.hpp"
#include "net/lingering_close.hpp"
#include "net/session.hpp"

namespace urb {

/// The options of a worker's sessions, as its process was configured.
[[nodiscard]] SessionOptions session_options(const WorkerContext& context);

class AdoptingWorker {
 public:
  AdoptingWorker(Ring& ring, WorkerContext& context)
      : AdoptingWorker{ring, context, session_options(context)} {}
  AdoptingWorker(Ring& ring, WorkerContext& context, const SessionOptions& options);

  void start() { receiver_.start(); }
  /// Serves a socket that came another way than through the channel, with the bytes [begin, end) of
  /// `prefix` that were read from it before.
  void adopt(Socket socket, BufferLease prefix = {}, std::size_t begin = 0,
             std::size_t end = 0) noexcept {
    sessions_.adopt(std::move(socket), std::move(prefix), begin, end);
  }
  void on_completion(const Completion& done) noexcept;
  void on_batch_end(Nanos now) noexcept;
  [[nodiscard]] Nanos next_deadline() noexcept;
  void on_deadline(Nanos now) noexcept;
  void begin_stop() noexcept;
  void cut_off() noexcept;
  [[nodiscard]] bool is_idle() noexcept;
  [[nodiscard]] bool is_stopping() const noexcept { return stopping_; }

  /// Owner ids from here on are free for a role that contains this one.
  static constexpr std::uint8_t kFirstFreeOwner = 4;

 private:
  enum Owner : std::uint8_t { kReceiver = 1, kSessions, kLingeringClose };
  HandoverReceiver receiver_;
  LingeringClose lingering_close_;
  SessionPool sessions_;
  bool stopping_ = false;
};

}  // namespace urb
