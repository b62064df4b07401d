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
#include "net/kernel_tls.hpp"
#include "net/write_wait.hpp"
#include "stats/counters.hpp"
#include "uring/operations.hpp"
#include "uring/ring.hpp"
#include "uring/socket.hpp"

namespace urb {

/// How often it is looked whether a leaving client still sends: after one to two of these without a
/// byte it is cut off, which is within the 5 s of nginx's lingering_timeout.
inline constexpr Nanos kLingerIdle = std::chrono::milliseconds{2500};
/// How soon it is looked again whether a client that has ended has taken everything. While it has
/// not, each look comes twice as late as the one before, up to kLingerIdle.
inline constexpr Nanos kLookAgain = std::chrono::milliseconds{50};
/// However much it sends; as nginx's lingering_time.
inline constexpr Nanos kLingerMax = std::chrono::seconds{30};

/// A guess, for master and workers alike: beyond it connections are cut off.
inline constexpr std::size_t kLingeringClosesMax = 1024;

/// How our side of a connection ends.
enum class EndBy : std::uint8_t {
  shutdown,
  /// On sockets whose records the kernel seals. There a close drops what TCP had no room for, and
  /// neither a shutdown nor SO_LINGER saves it (6.12, 7.2). So the socket stays open until the
  /// client has ended too, or takes nothing any more (docs/decisions/0043).
  close_notify,
};

/// Whether bytes are waiting in the socket: closed now, it would send a reset instead of its end.
[[nodiscard]] bool has_unread_input(int socket) noexcept;

class LingeringClose {
 public:
  LingeringClose(Ring& ring, std::uint8_t owner, Counters& counters,
                 std::size_t capacity = kLingeringClosesMax, EndBy end_by = EndBy::shutdown);

  /// Answers `status` on `socket`, on which nothing may be in flight, and sees it off: until the
  /// client closes, is silent for kLingerIdle, or kLingerMax is over. Status 0: the answer has been
  /// sent already. To HEAD goes no body. Closes at once when `capacity` are leaving already. Of
  /// EndBy::close_notify: `peer_has_ended` where the client's end has been received already.
  void begin(Socket socket, int status, Nanos now, bool is_head_method = false,
             bool peer_has_ended = false) noexcept;
  /// The same with an answer that the caller has made: `bytes`, at most kGivenBytesMax. They are
  /// copied. More are not sent.
  void begin_with(Socket socket, std::string_view bytes, Nanos now) noexcept;
  /// EndBy::close_notify: sends an alert and no answer. What the client still sends is not read.
  void begin_refusal(Socket socket, Nanos now) noexcept;
  [[nodiscard]] EndBy end_by() const noexcept { return end_by_; }
  /// Room for an answer of http/response_bytes and what TLS adds: its record, the end, an alert.
  static constexpr std::size_t kGivenBytesMax = http::kResponseBytesMax + 256;
  void on_completion(const Completion& done) noexcept;
  [[nodiscard]] Nanos next_deadline() const noexcept { return deadlines_.next(); }
  void on_deadline(Nanos now) noexcept;
  /// Closes all without waiting for the clients.
  void cut_off() noexcept;
  [[nodiscard]] bool is_idle() const noexcept { return leavers_.size() == 0; }

 private:
  enum class Op : std::uint8_t {
    send,
    wait,
    shutdown,
    drain,
    look,  ///< how much the client has still to take
  };
  enum class Goodbye : std::uint8_t { none, end, refusal };  ///< of EndBy::close_notify
  /// Of looks there are several, each twice as long as the one before.
  enum : std::size_t { kIdleDeadline, kLookDeadline, kLastLookDeadline = 6, kDeadlineKinds };
  static_assert(kLookAgain * (1 << (kLastLookDeadline - kLookDeadline)) <= kLingerIdle);
  struct Leaver : OperationSlot<Op> {
    Socket socket;
    bool is_cut = false;
    bool has_moved = false;           ///< since the last look of the deadline
    bool has_said_end = false;        ///< before it came here
    bool peer_ended = false;          ///< and so has our side
    Goodbye goodbye = Goodbye::none;  ///< on its way, or sent
    unsigned empty_looks = 0;         ///< how often in turn the client had nothing to take
    std::uint64_t untaken = 0;        ///< by the client, at the last look
    Nanos moved_at{};                 ///< when a look last saw it take something
    Nanos ends{};                     ///< no later than then
    std::size_t response_bytes = 0;
    std::size_t sent_bytes = 0;
    WriteWait write_wait;
    Deadline<Leaver> deadline;
    ListHook<Leaver> deadline_hook;
    RecordReceive record;
    std::array<char, kGivenBytesMax> response;
  };
  [[nodiscard]] Leaver* take_in(Socket socket, Nanos now) noexcept;
  void send(Leaver& leaver) noexcept;
  void wait(Leaver& leaver) noexcept;
  void on_sent(Leaver& leaver, int result) noexcept;
  void on_wait(Leaver& leaver, const Completion& done) noexcept;
  void end_our_side(Leaver& leaver) noexcept;
  void say_goodbye(Leaver& leaver, Goodbye goodbye) noexcept;
  void on_goodbye_sent(Leaver& leaver, int result) noexcept;
  void drain(Leaver& leaver) noexcept;
  void on_drained(Leaver& leaver, int result) noexcept;
  void on_peer_ended(Leaver& leaver) noexcept;
  void look(Leaver& leaver, Nanos now) noexcept;
  void on_look(Leaver& leaver, std::uint64_t untaken, Nanos now) noexcept;
  void close(Leaver& leaver) noexcept;
  void give_up(Leaver& leaver) noexcept;
  void cut(Leaver& leaver) noexcept;

  Ring& ring_;
  Operations<Op> operations_;
  Counters& counters_;
  http::DateText date_;
  EndBy end_by_;
  DeadlineQueue<Leaver, kDeadlineKinds> deadlines_;
  SlotMap<Leaver> leavers_;
  // All leavers drain into the same memory, which nobody reads: what says something is in `record`.
  std::array<std::byte, 64 * 1024> dropped_;
};

}  // namespace urb
