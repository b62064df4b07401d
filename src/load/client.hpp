// The client as a role of the event loop: N connections on one ring, in the closed or open loop. A
// connection is a slot. The socket in it changes, and with each socket its generation.
//
// A socket is closed when nothing of it is in flight any more, never earlier. Otherwise another
// connection could get its receive memory or its descriptor number too early.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/intrusive_list.hpp"
#include "http/response_parser.hpp"
#include "load/generator.hpp"
#include "load/plan.hpp"
#include "load/request_set.hpp"
#include "load/wire.hpp"
#include "stats/stall_watch.hpp"
#include "uring/operations.hpp"

namespace urb {

template <class Wire>
class BasicClient {
 public:
  static constexpr std::uint8_t kOwner = 1;
  /// Receive memory of a connection whose answers are long. It is touched only as far as they fill
  /// it.
  static constexpr std::size_t kReceiveBytes = 64 * 1024;
  /// Of all others. Close together: at 10,000 connections a page of its own for each, at the same
  /// place of the cache, costs more than the answer (decision 0042).
  static constexpr std::size_t kShortReceiveBytes = 512;
  /// SO_SNDBUF, which Linux doubles. What a connection has in flight then stays in the second-level
  /// cache. Left alone, the kernel lets it grow to 4 MiB, out of every cache. The copies of both
  /// sides then cost up to twice as much (decision 0013).
  static constexpr int kSendBufferBytes = 128 * 1024;
  enum class Op : std::uint8_t { connect, send, receive };
  /// How long the server may take to close a connection after it has announced to. A lost FIN comes
  /// again after 200 ms and a round trip at the earliest (TCP_RTO_MIN, include/net/tcp.h). Short
  /// for a run against a server that never closes.
  static constexpr Nanos kFinishTimeout = std::chrono::milliseconds{500};
  /// The pause after a failed connect, doubled with each further one. The values are guesses. A
  /// refusing server is neither hammered nor found late once it is there.
  static constexpr Nanos kBackoffMin = std::chrono::milliseconds{10};
  static constexpr Nanos kBackoffMax = std::chrono::milliseconds{200};
  /// How often the client looks for a stop request and reports progress.
  static constexpr Nanos kTick = std::chrono::milliseconds{100};
  /// How often LoadHooks::may_begin_window is asked: by so much the window begins late at most.
  static constexpr Nanos kGateTick = std::chrono::microseconds{200};
  /// How much of each response body is kept, where expected_text is to be found in it: more than
  /// our server's JSON object has.
  static constexpr std::size_t kPrefixBytes = 256;

  /// Everything given here outlives the client. `result` is filled as requests end.
  BasicClient(Ring& ring, const LoadOptions& options, RequestSet& requests, Plan& plan,
              LoadResult& result, const LoadHooks& hooks, const std::atomic<bool>& stop);
  BasicClient(const BasicClient&) = delete;
  BasicClient& operator=(const BasicClient&) = delete;
  /// Nothing may be in flight: the loop has ended or the ring is drained.
  ~BasicClient() = default;

  void start();
  void on_completion(const Completion& done) noexcept;
  void on_batch_end(Nanos now) noexcept;
  [[nodiscard]] Nanos next_deadline() noexcept;
  void on_deadline(Nanos now) noexcept;
  void begin_stop() noexcept;
  void cut_off() noexcept {}  ///< begin_stop() finishes nothing either
  [[nodiscard]] bool is_idle() noexcept {
    return progress_ >= Progress::draining && open_count_ == 0;
  }

  /// Completions for a socket that its slot no longer has. Zero unless there is a bug.
  [[nodiscard]] std::uint64_t late_completion_count() const noexcept { return late_count_; }

 private:
  enum class State : std::uint8_t {
    waiting,      ///< for its deadline, to start a request. The socket is closed, or watched
    connecting,   ///< a request waits for its connection
    exchanging,   ///< a request is being sent, a response received, or both
    finishing,    ///< after the connection's last response, for the server's FIN
    aborting,     ///< to be closed when nothing is in flight
    handshaking,  ///< with TLS alone: a request waits for it
  };
  enum class Progress : std::uint8_t {
    verifying,  ///< one request of each connection, before the plan begins
    running,
    draining,  ///< nothing starts, what is in flight ends
    stopping,  ///< what is in flight is cancelled
  };
  enum class Failure : std::uint8_t { connect, io, status, framing, content, timeout };

  struct Connection : OperationSlot<Op> {
    Fd socket;
    [[no_unique_address]] typename Wire::Connection wire;
    Nanos started_at{0};
    Nanos planned_at{0};
    ListHook<Connection> free_hook;
    Nanos deadline = kNever;
    Nanos backoff{0};                      ///< before the next attempt to connect
    Nanos finishing_since = kNever;        ///< when the wait for the server's close began
    const LoadRequest* request = nullptr;  ///< the last that was started
    std::uint64_t sent_bytes = 0;
    std::byte* receive_memory = nullptr;  ///< of the receive in flight
    bool has_long_answers = false;        ///< one has filled the short memory
    State state = State::waiting;
    int send_error = 0;  ///< the response may still explain it
    bool in_request = false;
    bool is_verified = false;        ///< or failed to be: its first request was started
    bool response_complete = false;  ///< before the request had been sent
    bool peer_closed = false;
    http::ResponseFields fields;  ///< of the request's answer, if the request has any
    http::ResponseParser parser;

    explicit Connection(std::span<char> body_prefix) noexcept : parser{body_prefix, &fields} {}
  };

  // client_loop.hpp: what faces the loop
  void advance_plan(Nanos now) noexcept;
  [[nodiscard]] bool may_begin_window(Nanos now) noexcept;
  void report_progress(Nanos now) noexcept;
  void begin_load(Nanos now) noexcept;
  void end_load(Nanos now) noexcept;
  void begin_drain(Nanos now) noexcept;
  void interrupt(Nanos now) noexcept;
  void expire(Connection& conn, Nanos now) noexcept;
  void set_deadline(Connection& conn, Nanos deadline) noexcept;
  void start_planned(Nanos now) noexcept;
  void note_error(Failure failure, std::string_view text) noexcept;
  [[nodiscard]] Connection* find(Token token) noexcept;

  // client_exchange.hpp: one connection
  void start_next(Connection& conn, Nanos now) noexcept;
  void begin_connect(Connection& conn) noexcept;
  void begin_exchange(Connection& conn) noexcept;
  void queue_send(Connection& conn) noexcept;
  void queue_receive(Connection& conn, std::uint16_t flags = 0) noexcept;
  void on_connect(Connection& conn, int result) noexcept;
  void on_send(Connection& conn, int result) noexcept;
  void on_receive(Connection& conn, int result) noexcept;
  void on_finishing(Connection& conn, int result) noexcept;
  void watch_idle(Connection& conn) noexcept;
  void on_idle_end(Connection& conn, int result) noexcept;
  void on_peer_end(Connection& conn) noexcept;
  void consume(Connection& conn, std::span<const std::byte> bytes) noexcept;
  void begin_finish(Connection& conn, Nanos now) noexcept;
  void fail(Connection& conn, Failure failure, std::string_view text) noexcept;
  void fail_io(Connection& conn, int error, std::string_view text) noexcept;
  void begin_abort(Connection& conn) noexcept;
  void close_if_drained(Connection& conn) noexcept;
  void close_socket(Connection& conn) noexcept;
  static void set_reset_on_close(int socket) noexcept;

  // client_answer.hpp: what a response says and what it counts for
  void complete_response(Connection& conn) noexcept;
  void finish_request(Connection& conn) noexcept;
  [[nodiscard]] bool end_request() noexcept;
  [[nodiscard]] bool is_right(const Connection& conn) noexcept;
  [[nodiscard]] bool is_proved(const Connection& conn) noexcept;
  void count_worker(const Connection& conn) noexcept;

  // client_tls.hpp: what lies between, with TLS
  void begin_handshake(Connection& conn) noexcept;
  void seal_request(Connection& conn) noexcept;
  void flush(Connection& conn) noexcept;
  [[nodiscard]] bool on_sealed_sent(Connection& conn, int& result) noexcept;
  void on_sealed(Connection& conn, int result) noexcept;
  void on_handshake(Connection& conn) noexcept;
  void on_nothing_opened(Connection& conn) noexcept;
  void say_end(Connection& conn) noexcept;
  [[nodiscard]] bool has_fin(const Connection& conn) const noexcept;
  void answer_end(Connection& conn) noexcept;

  Operations<Op> operations_;
  const LoadOptions& options_;
  RequestSet& requests_;
  Plan& plan_;
  LoadResult& result_;
  const LoadHooks& hooks_;
  const std::atomic<bool>& stop_;
  std::unique_ptr<std::byte[]> receive_arena_;
  std::unique_ptr<std::byte[]> short_receive_arena_;
  std::vector<char> prefix_arena_;
  std::vector<std::unique_ptr<Connection>> connections_;
  /// Open loop: those that wait for the next planned request, the longest waiting first.
  IntrusiveList<Connection, &Connection::free_hook> free_;
  Nanos earliest_deadline_ = kNever;  ///< not after any connection's deadline
  Nanos next_tick_{0};
  Nanos next_gate_tick_{0};  ///< zero: nobody has been asked yet
  StallWatch stall_watch_;
  Nanos drained_by_ = kNever;  ///< only while draining
  std::uint64_t late_count_ = 0;
  std::size_t open_count_ = 0;
  std::size_t unverified_count_ = 0;  ///< connections whose first request has not ended
  /// With MSG_WAITALL, where the kernel has it: it waits for room itself and goes on, one
  /// completion for a whole piece.
  int send_flags_;
  /// IORING_RECVSEND_POLL_FIRST (5.19), where there are multishot receives, which are younger.
  std::uint16_t first_receive_flags_;
  bool is_head_method_ = false;
  Progress progress_ = Progress::verifying;
  [[no_unique_address]] typename Wire::Shared shared_;
};

using Client = BasicClient<PlainClientWire>;
using TlsClient = BasicClient<TlsClientWire>;
extern template class BasicClient<PlainClientWire>;
extern template class BasicClient<TlsClientWire>;

}  // namespace urb
