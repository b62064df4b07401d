// The server side of HTTP connections, as every worker runs it in every mode: receive, parse,
// answer, keep alive. How the connection came here, and from whom, is none of its business.
//
// Requests of one connection are answered one after the other: while a response is on its way
// nothing is parsed, and what a pipelining client has sent waits in its buffers.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/deadline_queue.hpp"
#include "base/slot_map.hpp"
#include "http/limits.hpp"
#include "http/request_parser.hpp"
#include "http/response_bytes.hpp"
#include "net/lingering_close.hpp"
#include "net/planted_faults.hpp"
#include "net/wire.hpp"
#include "net/write_wait.hpp"
#include "stats/counters.hpp"
#include "uring/buffer_pool.hpp"
#include "uring/operations.hpp"
#include "uring/ring.hpp"
#include "uring/socket.hpp"

namespace urb {

struct SessionOptions {
  std::string_view mode;
  unsigned worker_index = 0;
  Bytes response_bytes{0};  ///< 0: the short JSON object
  http::Limits limits;
  BufferKind buffers = BufferKind::registered;
  std::size_t connection_capacity = 1024;
  PlantedFaults faults;
  const tls::Serving* tls = nullptr;  ///< of TlsWire; outlives the pool
};

template <class Wire>
class BasicSessionPool {
 public:
  /// `lingering close` sees off the connections that made a mistake. Throws Unsupported, SysError.
  BasicSessionPool(Ring& ring, std::uint8_t owner, LingeringClose& lingering_close,
                   Counters& counters, const SessionOptions& options);
  BasicSessionPool(const BasicSessionPool&) = delete;
  BasicSessionPool& operator=(const BasicSessionPool&) = delete;

  /// Serves a connected socket from now on. Bytes [begin, end) of `prefix` were read from it
  /// before and are parsed first; the pool keeps the lease until they are.
  void adopt(Socket socket, BufferLease prefix, std::size_t begin, std::size_t end) noexcept;

  void on_completion(const Completion& done) noexcept;
  void on_batch_end(Nanos now) noexcept;
  [[nodiscard]] Nanos next_deadline() const noexcept { return deadlines_.next(); }
  void on_deadline(Nanos now) noexcept;
  /// Closes connections between requests; the others answer what they are in, then close.
  void begin_stop() noexcept;
  /// Closes all, finished or not.
  void cut_off() noexcept;
  [[nodiscard]] bool is_idle() const noexcept { return connections_.size() == 0; }

 private:
  enum class Op : std::uint8_t {
    read,
    poll,
    send,
    wait,    ///< the client has to take bytes before more are sent
    look,    ///< how many it has still to take
    peek,    ///< whether there is input that nobody will read
    record,  ///< of the kernel's TLS, that is no data
  };
  enum class State : std::uint8_t {
    reading,     // bytes go to the parser
    continuing,  // "100 Continue" is on its way
    responding,  // the final response is on its way
    peeking,     // it was the last one: is there input that nobody will read?
    leaving,     // reads are being cancelled; then the socket goes to the lingering close
    closing,     // waits for the last completion
    // With TLS alone:
    handshaking,  // no byte of HTTP has come
    ending,       // our end (close_notify) is on its way; then the socket is closed
  };
  static constexpr std::uint64_t kUnknown = ~std::uint64_t{0};
  enum : std::size_t { kHeaderDeadline, kBodyDeadline, kIdleDeadline, kHandshakeDeadline };
  static constexpr std::size_t kDeadlineKinds = Wire::kIsTls ? 4 : 3;
  [[nodiscard]] static std::array<Nanos, kDeadlineKinds> deadlines_of(
      const SessionOptions& options) noexcept;

  // A master and four workers fit into an ordinary user's RLIMIT_MEMLOCK of 8 MiB. Sizes from 64 to
  // 512 KiB were tried (decision 0013).
  static constexpr std::uint32_t kFixedBufferCount = 10;
  static constexpr std::uint32_t kRingBufferCount = 16;  // a power of two, and not locked
  static constexpr std::uint32_t kBufferBytes = 128 * 1024;
  // With TLS it is what is sealed at once, which each connection has a copy of.
  static constexpr std::size_t kFillerBytes = (Wire::kIsTls ? 64 : 256) * 1024;
  // provided: a busy connection may have this many buffers waiting before its receive is stopped.
  static constexpr std::uint32_t kQueuedBuffersMax = 4;
  // Low-water marks: any byte, or a buffer's worth.
  static constexpr int kLowWaterLow = 1;
  static constexpr int kLowWaterHigh = 128 * 1024;
  static constexpr std::size_t kOwedMax = 4096;  ///< bytes that TLS may have to say in a queue
  static constexpr int kRefused = -2;            ///< an alert goes out instead
  static constexpr int kSilent = -1;  ///< as a status: what TLS has to say goes out, and no answer

  /// What a request needs while it is read and answered. Its connection has it only so long. So
  /// idle connections are small, and the few at work share memory that is in the cache.
  struct Work {
    explicit Work(const http::Limits& limits) noexcept
        : parser{limits.max_body, limits.behind_proxy} {}
    http::RequestParser parser;
    std::uint32_t head_begin = 0;  ///< of `response`, what has been sent
    std::uint32_t head_end = 0;
    std::uint64_t body_bytes = 0;  ///< of the filler body still to send
    std::array<iovec, 2> parts{};
    msghdr message{};
    std::array<char, http::kResponseBytesMax> response;
  };

  struct Connection : OperationSlot<Op> {
    State state = State::reading;
    bool keep_alive = false;
    bool peer_ended = false;
    bool served = false;  ///< has had a response: from here on it may be idle
    bool is_low_water_high = false;
    ReceiveWay receives = ReceiveWay::plain;  ///< how the read in flight does
    bool is_slow = false;  ///< has not filled a buffer in time: its low-water mark stays low
    int lingering_close_status = 0;  ///< of a leaving connection
    Socket socket;
    [[no_unique_address]] typename Wire::Connection wire;
    BufferLease reading_into;       ///< of the read in flight; not for provided buffers
    std::vector<std::byte> parked;  ///< the oldest input, while its buffers serve others
    std::size_t parked_begin = 0;   ///< what of it has been parsed
    ByteQueue prefix;               ///< came with the hand-over; parsed before `input`
    ByteQueue input;
    std::unique_ptr<Work> work;  ///< from the first byte of a request to the last of its answer
    WriteWait write_wait;
    std::uint64_t untaken = kUnknown;  ///< by the client, when the deadline last looked
    Deadline<Connection> deadline;
    ListHook<Connection> deadline_hook;
    ListHook<Connection> waiting_hook;

    [[nodiscard]] bool in_message() const noexcept { return work && work->parser.in_message(); }
    [[nodiscard]] bool has_input() const noexcept {
      return !parked.empty() || !prefix.is_empty() || !input.is_empty();
    }
    /// The oldest bytes that have not been parsed; they are consume()d before more is asked for.
    [[nodiscard]] std::span<const std::byte> front() const noexcept;
    void consume(std::size_t count) noexcept;
    void clear_input() noexcept;
    /// Copies all input out of its buffers, which go back to their pools.
    void park_input() noexcept;
  };

  // session_http.hpp: what bytes mean
  void advance(Connection& connection) noexcept;
  void begin_work(Connection& connection) noexcept;
  void end_work(Connection& connection) noexcept;
  void on_head(Connection& connection) noexcept;
  void respond(Connection& connection) noexcept;
  void finish_response(Connection& connection) noexcept;
  void finish_last_response(Connection& connection) noexcept;
  void leave(Connection& connection, int status) noexcept;
  void begin_close(Connection& connection) noexcept;
  void finish_departure(Connection& connection) noexcept;
  void renew_deadline(Connection& connection) noexcept;
  [[nodiscard]] bool try_hurry(Connection& connection) noexcept;
  // session_io.hpp: how they come; session_send.hpp: how answers go
  void want_read(Connection& connection, bool is_readable) noexcept;
  void update_low_water(Connection& connection) noexcept;
  void set_low_water(Connection& connection, bool is_high) noexcept;
  void arm_read(Connection& connection, BufferLease lease) noexcept;
  [[nodiscard]] Counter& received_bytes(ReceiveWay way) noexcept;
  void arm_poll(Connection& connection) noexcept;
  void arm_peek(Connection& connection) noexcept;
  void queue_send(Connection& connection) noexcept;
  void queue_continue(Connection& connection) noexcept;
  void on_read(const Completion& done) noexcept;
  void on_poll(Connection& connection, int result) noexcept;
  void on_peek(Connection& connection, int result) noexcept;
  void on_send(Connection& connection, int result) noexcept;
  void wait_for_client(Connection& connection) noexcept;
  void on_wait(Connection& connection, const Completion& done) noexcept;
  void go_on_sending(Connection& connection) noexcept;
  [[nodiscard]] bool try_look(Connection& connection) noexcept;
  void on_look(Connection& connection, int result) noexcept;
  // session_tls.hpp: what lies between, with TLS
  void begin_handshake(Connection& connection, BufferLease prefix, std::size_t begin,
                       std::size_t end) noexcept;
  void on_sealed(Connection& connection, BufferLease lease, std::size_t begin,
                 std::size_t end) noexcept;
  void on_opened(Connection& connection, bool has_bytes) noexcept;
  void on_end_of_handshaking(Connection& connection) noexcept;
  void seal_answer(Connection& connection) noexcept;
  void flush(Connection& connection) noexcept;
  [[nodiscard]] bool on_sealed_sent(Connection& connection, int& result) noexcept;
  [[nodiscard]] bool try_say_end(Connection& connection) noexcept;
  void see_off(Connection& connection, int status, bool is_head) noexcept;
  // session_ktls.hpp: with the kernel's
  void arm_record(Connection& connection) noexcept;
  void on_record(Connection& connection, int result) noexcept;
  void break_off(Connection& connection, int result) noexcept;

  Ring& ring_;
  Operations<Op> operations_;
  LingeringClose& lingering_close_;
  Counters& counters_;
  SessionOptions options_;
  BufferPool pool_;
  http::DateText date_;
  DeadlineQueue<Connection, kDeadlineKinds> deadlines_;
  IntrusiveList<Connection, &Connection::waiting_hook> waiting_;  ///< readable, but no buffer
  SlotMap<Connection> connections_;
  std::vector<std::unique_ptr<Work>> idle_work_;  ///< the last used is the next
  std::vector<std::byte> filler_;
  SpoiledBytes spoiled_;              ///< for tests, as all of `options_.faults` is
  std::vector<Socket> never_closed_;  ///< likewise
  std::byte peeked_{};                ///< all peek into it: nobody reads it
  int pid_;
  bool stopping_ = false;
  [[no_unique_address]] typename Wire::Shared shared_;
};

using SessionPool = BasicSessionPool<PlainWire>;
using TlsSessionPool = BasicSessionPool<TlsWire>;
extern template class BasicSessionPool<PlainWire>;
extern template class BasicSessionPool<TlsWire>;
extern template class BasicSessionPool<KtlsWire>;

}  // namespace urb
