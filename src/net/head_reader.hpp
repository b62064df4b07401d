// The master's view of a connection that waits for a request: bytes are received into a buffer
// until the head is complete, wherever it was split, then the connection leaves with what was read.
//
// For `socket`, which hands both to a worker, and for `passthru`, which gets the connection back
// for each further request. Nothing is in flight on a socket that leaves.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/deadline_queue.hpp"
#include "base/slot_map.hpp"
#include "http/limits.hpp"
#include "http/request_parser.hpp"
#include "net/kernel_tls.hpp"
#include "net/lingering_close.hpp"
#include "stats/counters.hpp"
#include "uring/buffer_pool.hpp"
#include "uring/operations.hpp"
#include "uring/ring.hpp"
#include "uring/socket.hpp"

namespace urb {

/// A connection whose next head is complete: lease bytes [begin, end) are everything read and not
/// yet served, of which the first `head_bytes` are the head.
struct ReadHead {
  Socket socket;
  BufferLease lease;
  std::size_t begin = 0;
  std::size_t head_bytes = 0;
  std::size_t end = 0;
  http::RequestHead head;
};

/// Heads are read into the lower half of a buffer; the upper half is for rewriting them.
inline constexpr std::uint32_t kHeadBufferBytes = 64 * 1024;
inline constexpr std::size_t kHeadReadArea = kHeadBufferBytes / 2;

class HeadReader {
 public:
  /// `buffers` has buffers of kHeadBufferBytes and is not of kind `provided`. `lingering close`
  /// sees off the connections whose head is wrong or late.
  HeadReader(Ring& ring, std::uint8_t owner, BufferPool& buffers, LingeringClose& lingering_close,
             Counters& counters, const http::Limits& limits, std::size_t connection_capacity);

  /// Reads the first head of a new connection.
  [[nodiscard]] std::optional<ReadHead> begin(Socket socket) noexcept;
  /// Reads the next head of a connection that has been served; lease bytes [begin, end) were read
  /// behind the last message; or `parked` were, when no buffer was left to keep them in. The head
  /// may be there already: then it is returned at once, from `parked` by on_completion().
  [[nodiscard]] std::optional<ReadHead> begin_next(Socket socket, BufferLease lease,
                                                   std::size_t begin, std::size_t end,
                                                   std::vector<std::byte> parked = {}) noexcept;
  /// The head that this completion has completed, if any.
  [[nodiscard]] std::optional<ReadHead> on_completion(const Completion& done) noexcept;
  void on_batch_end(Nanos now) noexcept;
  [[nodiscard]] Nanos next_deadline() const noexcept { return deadlines_.next(); }
  void on_deadline(Nanos now) noexcept;
  /// Closes connections of which nothing has been read; the others finish their head.
  void begin_stop() noexcept;
  void cut_off() noexcept;
  [[nodiscard]] bool is_idle() const noexcept { return readers_.size() == 0; }

 private:
  enum class Op : std::uint8_t {
    read,
    poll,
    parse,   ///< a NOP: what was parked is in a buffer again
    record,  ///< of the kernel's TLS, that is no data
  };
  enum class Departure : std::uint8_t { none, lingering_close, refusal, close };
  enum : std::size_t { kHeaderDeadline, kIdleDeadline, kDeadlineKinds };

  struct Reader : OperationSlot<Op> {
    bool is_next = false;  ///< idle until its first byte: the other deadline
    Departure departure = Departure::none;
    int status = 0;           ///< for the lingering close
    bool peer_ended = false;  ///< likewise
    Socket socket;
    BufferLease lease;
    std::size_t end = 0;                    ///< bytes in the lease
    std::size_t parsed = 0;                 ///< of them, given to the parser
    std::unique_ptr<RecordReceive> record;  ///< once there was one
    std::vector<std::byte> parked;          ///< they wait here while the buffer serves others
    Deadline<Reader> deadline;
    ListHook<Reader> deadline_hook;
    ListHook<Reader> waiting_hook;
    http::RequestParser parser;

    explicit Reader(std::optional<Bytes> body_max) noexcept : parser{body_max} {}
  };
  [[nodiscard]] std::optional<ReadHead> admit(Reader* reader) noexcept;
  [[nodiscard]] std::optional<ReadHead> advance(Reader& reader) noexcept;
  [[nodiscard]] ReadHead take(Reader& reader) noexcept;
  [[nodiscard]] std::optional<ReadHead> on_read(Reader& reader, int result) noexcept;
  void on_record(Reader& reader, int result) noexcept;
  void on_end(Reader& reader, int result) noexcept;
  /// How a connection ends in order: an end of TLS is told first.
  [[nodiscard]] Departure departure_in_order() const noexcept {
    return lingering_close_.end_by() == EndBy::shutdown ? Departure::close
                                                        : Departure::lingering_close;
  }
  void want_read(Reader& reader, bool is_readable) noexcept;
  void arm_read(Reader& reader) noexcept;
  void park(Reader& reader) noexcept;
  void depart(Reader& reader, Departure departure, int status) noexcept;
  void finish_departure(Reader& reader) noexcept;
  void renew_deadline(Reader& reader) noexcept;

  Ring& ring_;
  Operations<Op> operations_;
  BufferPool& buffers_;
  LingeringClose& lingering_close_;
  Counters& counters_;
  http::Limits limits_;
  DeadlineQueue<Reader, kDeadlineKinds> deadlines_;
  IntrusiveList<Reader, &Reader::waiting_hook> waiting_;  ///< readable, but no buffer
  SlotMap<Reader> readers_;
  bool stopping_ = false;
};

}  // namespace urb
