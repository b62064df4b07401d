// The end of a connection that must not be cut off: an error response is sent, then what the client
// still sends is read and dropped until it closes, so that no reset destroys the response on its
// way (RFC 9112, 9.6). For workers and master alike.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/clock.hpp"
#include "base/deadline_queue.hpp"
#include "base/slot_map.hpp"
#include "http/response_bytes.hpp"
#include "net/write_wait.hpp"
#include "stats/counters.hpp"
#include "uring/operations.hpp"
#include "uring/ring.hpp"
#include "uring/socket.hpp"

namespace urb {

/// How often it is looked whether a leaving client still sends: after one to two of these without a
/// byte it is cut off, which is within the 5 s of nginx's lingering_timeout.
inline constexpr Nanos kLingerIdle = std::chrono::milliseconds{2500};
/// However much it sends; as nginx's lingering_time.
inline constexpr Nanos kLingerMax = std::chrono::seconds{30};

/// A guess, for master and workers alike: beyond it connections are cut off.
inline constexpr std::size_t kLingeringClosesMax = 1024;

/// Whether bytes are waiting in the socket: closed now, it would send a reset instead of its end.
[[nodiscard]] bool has_unread_input(int socket) noexcept;

class LingeringClose {
 public:
  LingeringClose(Ring& ring, std::uint8_t owner, Counters& counters,
                 std::size_t capacity = kLingeringClosesMax);

  /// Answers `status` on `socket`, on which nothing may be in flight, and sees it off: until the
  /// client closes, is silent for kLingerIdle, or kLingerMax is over. Status 0: the answer has been
  /// sent already. To HEAD goes no body. Closes at once when `capacity` are leaving already.
  void begin(Socket socket, int status, Nanos now, bool is_head_method = false) noexcept;
  /// The same with an answer that the caller has made: `bytes`, at most kGivenBytesMax. They are
  /// copied. More are not sent.
  void begin_with(Socket socket, std::string_view bytes, Nanos now) noexcept;
  /// Room for an answer of http/response_bytes and what TLS adds: its record, the end, an alert.
  static constexpr std::size_t kGivenBytesMax = http::kResponseBytesMax + 256;
  void on_completion(const Completion& done) noexcept;
  [[nodiscard]] Nanos next_deadline() const noexcept { return deadlines_.next(); }
  void on_deadline(Nanos now) noexcept;
  /// Closes all without waiting for the clients.
  void cut_off() noexcept;
  [[nodiscard]] bool is_idle() const noexcept { return leavers_.size() == 0; }

 private:
  enum class Op : std::uint8_t { send, wait, shutdown, drain };
  struct Leaver : OperationSlot<Op> {
    Socket socket;
    bool is_cut = false;
    bool has_moved = false;  ///< since the last look of the deadline
    Nanos ends{};            ///< no later than then
    std::size_t response_bytes = 0;
    std::size_t sent_bytes = 0;
    WriteWait write_wait;
    Deadline<Leaver> deadline;
    ListHook<Leaver> deadline_hook;
    std::array<char, kGivenBytesMax> response;
  };
  [[nodiscard]] Leaver* take_in(Socket socket, Nanos now) noexcept;
  void send(Leaver& leaver) noexcept;
  void wait(Leaver& leaver) noexcept;
  void on_sent(Leaver& leaver, int result) noexcept;
  void on_wait(Leaver& leaver, const Completion& done) noexcept;
  void end_our_side(Leaver& leaver) noexcept;
  void drain(Leaver& leaver) noexcept;
  void close(Leaver& leaver) noexcept;
  void cut(Leaver& leaver) noexcept;

  Ring& ring_;
  Operations<Op> operations_;
  Counters& counters_;
  http::DateText date_;
  DeadlineQueue<Leaver, 1> deadlines_;
  SlotMap<Leaver> leavers_;
  // All leavers drain into the same memory: nobody reads it.
  std::array<std::byte, 64 * 1024> dropped_;
};

}  // namespace urb
