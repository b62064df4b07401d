// Sessions and their lingering close on a made-up kernel, and clients that are at the test's mercy.
#pragma once

#include <string_view>

#include "fault/made_up_kernel.hpp"
#include "net/lingering_close.hpp"
#include "net/session.hpp"
#include "support/open_fds.hpp"

namespace urb::test {

inline constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
inline constexpr std::string_view kGetAndClose =
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

template <class Wire>
struct BasicSessionRig {
  enum Owner : std::uint8_t { kSessions = 1, kLingeringClose };

  /// With `provided`, receives go to the real kernel, which picks the buffers.
  explicit BasicSessionRig(BufferKind kind = BufferKind::plain, std::uint64_t response_bytes = 0)
      : kernel{kind == BufferKind::provided ? static_cast<int>(IORING_OP_RECV) : -1},
        sessions{kernel.ring(), kSessions, lingering_close, counters,
                 options(kind, response_bytes)},
        fds_idle{open_fd_count()} {}

  static SessionOptions options(BufferKind kind, std::uint64_t response_bytes) {
    SessionOptions made;
    made.mode = "test";
    made.response_bytes = Bytes{response_bytes};
    made.buffers = kind;
    made.connection_capacity = 32;
    return made;
  }

  /// Serves a new connection; returns the client's end.
  Fd adopt() {
    StreamPair pair = make_stream_pair();
    sessions.adopt(std::move(pair.near), {}, 0, 0);
    return std::move(pair.far);
  }
  void deliver(const Completion& done) {
    if (done.token.owner == kLingeringClose) return lingering_close.on_completion(done);
    REQUIRE(done.token.owner == kSessions);
    sessions.on_completion(done);
  }
  /// Answers the one request queued, a read, with `text`.
  void receive(std::string_view text) { deliver(take_read().brings(text)); }
  Request take_read() { return kernel.take_one(IORING_OP_RECV); }
  Request take_send() { return kernel.take_one(IORING_OP_SEND); }

  /// The one request queued has to be the close; with it, everything is over: no slot, no
  /// descriptor, no deadline. That all buffers are back is asserted by their pool.
  void expect_close() {
    kernel.take_one(IORING_OP_CLOSE).closes();
    expect_idle();
  }
  void expect_idle() {
    CHECK(sessions.is_idle());
    CHECK(lingering_close.is_idle());
    CHECK(kernel.has_none());
    CHECK(sessions.next_deadline() == kNever);
    CHECK(lingering_close.next_deadline() == kNever);
    CHECK(counters.connections_opened.get() == counters.connections_closed.get());
  }
  /// The lingering close after an error, up to the close; nothing else may be under way.
  void expect_lingering_close(std::string_view answer) {
    const Request send = kernel.take_one(IORING_OP_SEND);
    CHECK(send.token().owner == kLingeringClose);
    CHECK(send.text().starts_with(answer));
    CHECK(sessions.is_idle());
    deliver(send.done(-EPIPE));
    expect_close();
  }

  Counters counters;
  MadeUpKernel kernel;
  LingeringClose lingering_close{kernel.ring(), kLingeringClose, counters, 32, Wire::kEndBy};
  BasicSessionPool<Wire> sessions;
  std::size_t fds_idle;
};
using SessionRig = BasicSessionRig<PlainWire>;
using KtlsSessionRig = BasicSessionRig<KtlsWire>;

}  // namespace urb::test
