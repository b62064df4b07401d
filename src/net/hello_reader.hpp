// The master's view of a connection whose TLS is a worker's matter: it looks at the ClientHello and
// takes no byte of it (MSG_PEEK), then the connection leaves unread, with the name's hash.
//
// Bytes that were seen stay in the socket, so that it is readable at once and would wake whoever
// waits for more. So the low-water mark is set to what is needed: a poll honours it (tcp_poll(),
// net/ipv4/tcp.c, 6.18), a receive does not. Where the kernel wakes all the same, since it is short
// of memory, a look that found nothing new is followed by a pause.
#pragma once

#include <cstdint>
#include <optional>

#include "base/deadline_queue.hpp"
#include "base/slot_map.hpp"
#include "net/lingering_close.hpp"
#include "stats/counters.hpp"
#include "tls/client_hello.hpp"
#include "uring/buffer_pool.hpp"
#include "uring/operations.hpp"
#include "uring/ring.hpp"
#include "uring/socket.hpp"

namespace urb {

/// A connection whose ClientHello is there, unread.
struct SeenHello {
  Socket socket;
  std::optional<std::uint64_t> name_hash;  ///< of the host that the client asks for
};

class HelloReader {
 public:
  /// `lingering close` sees off the clients whose hello is refused. Within `timeout` a hello has to
  /// be whole, whatever comes meanwhile.
  HelloReader(Ring& ring, std::uint8_t owner, LingeringClose& lingering_close, Counters& counters,
              Nanos timeout, std::size_t connection_capacity);

  /// Waits for the hello of a new connection, an ordinary descriptor.
  void begin(Socket socket) noexcept;
  /// The connection whose hello this completion has shown to be whole, if any.
  [[nodiscard]] std::optional<SeenHello> on_completion(const Completion& done) noexcept;
  void on_batch_end(Nanos now) noexcept;
  [[nodiscard]] Nanos next_deadline() const noexcept { return deadlines_.next(); }
  void on_deadline(Nanos now) noexcept;
  /// Closes all: nobody has asked for anything yet.
  void begin_stop() noexcept;
  void cut_off() noexcept { begin_stop(); }
  [[nodiscard]] bool is_idle() const noexcept { return readers_.size() == 0; }

 private:
  enum class Op : std::uint8_t {
    poll,
    look,
    pause,  ///< a TIMEOUT
  };
  enum class Departure : std::uint8_t { none, lingering_close, close };
  static constexpr std::uint32_t kBufferCount = 32;
  static constexpr int kAnyByte = 1;

  struct Reader : OperationSlot<Op> {
    Departure departure = Departure::none;
    bool has_ended = false;             ///< the client sends no more than what is there
    std::optional<std::uint8_t> alert;  ///< for the lingering close
    Socket socket;
    BufferLease lease;     ///< of the look in flight
    std::size_t seen = 0;  ///< bytes, at the last look
    int low_water = kAnyByte;
    Deadline<Reader> deadline;
    ListHook<Reader> deadline_hook;
    ListHook<Reader> waiting_hook;
  };
  void want_look(Reader& reader, bool is_readable) noexcept;
  void arm_poll(Reader& reader) noexcept;
  void pause(Reader& reader) noexcept;
  [[nodiscard]] std::optional<SeenHello> on_look(Reader& reader, int result) noexcept;
  void on_part(Reader& reader, std::size_t bytes, std::size_t needed) noexcept;
  [[nodiscard]] SeenHello take(Reader& reader, std::optional<std::uint64_t> name_hash) noexcept;
  void set_low_water(Reader& reader, std::size_t bytes) noexcept;
  void depart(Reader& reader, Departure departure) noexcept;
  void finish_departure(Reader& reader) noexcept;

  Ring& ring_;
  Operations<Op> operations_;
  LingeringClose& lingering_close_;
  Counters& counters_;
  BufferPool buffers_;
  DeadlineQueue<Reader, 1> deadlines_;
  IntrusiveList<Reader, &Reader::waiting_hook> waiting_;  ///< readable, but no buffer
  SlotMap<Reader> readers_;
  bool stopping_ = false;
};

}  // namespace urb
