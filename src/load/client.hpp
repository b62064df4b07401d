// The client as a role of the event loop: N connections in a closed loop on one ring. A connection
// is a slot; the socket in it changes, and with each socket its generation.
//
// A socket is closed when nothing of it is in flight any more, never earlier: that is what keeps
// its receive memory and its descriptor number from meeting a stranger.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "http/response_parser.hpp"
#include "load/generator.hpp"
#include "load/plan.hpp"
#include "load/request_image.hpp"
#include "uring/ring.hpp"

namespace urb {

class Client {
 public:
  static constexpr std::uint8_t kOwner = 1;
  /// Receive memory of a connection, touched only as far as responses fill it.
  static constexpr std::size_t kReceiveBytes = 64 * 1024;
  enum class Op : std::uint8_t { connect, send, receive, cancel };

  /// Everything given here outlives the client. `result` is filled as requests end.
  Client(Ring& ring, const LoadOptions& options, const RequestImage& image, Plan& plan,
         LoadResult& result, const LoadHooks& hooks, const std::atomic<bool>& stop);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  /// Nothing is in flight: the loop has ended or the ring is drained.
  ~Client() = default;

  void start();
  void on_completion(const Completion& done) noexcept;
  void on_batch_end(Nanos now) noexcept;
  [[nodiscard]] Nanos next_deadline() noexcept;
  void on_deadline(Nanos now) noexcept;
  void begin_stop() noexcept;
  void cut_off() noexcept {}  ///< begin_stop() finishes nothing either
  [[nodiscard]] bool is_idle() noexcept { return is_stopping_ && open_count_ == 0; }

  /// Completions for a socket that its slot no longer has. Zero unless there is a bug.
  [[nodiscard]] std::uint64_t late_completion_count() const noexcept { return late_count_; }

 private:
  enum class State : std::uint8_t {
    waiting,     ///< no request; starts one at its deadline. The socket is closed, or idle
    connecting,  ///< a request waits for its connection
    exchanging,  ///< a request is being sent, a response received, or both
    finishing,   ///< the response was the connection's last; the server's FIN is awaited
    aborting,    ///< to be closed when nothing is in flight
  };
  enum class Failure : std::uint8_t { connect, io, status, framing, content, timeout };

  struct Connection {
    Fd socket;
    Nanos started_at{0};
    Nanos deadline = kNever;
    Nanos backoff{0};  ///< before the next attempt to connect
    std::uint64_t sent_bytes = 0;
    std::byte* receive_memory = nullptr;
    std::uint32_t slot_index = 0;
    std::uint16_t generation = 0;
    State state = State::waiting;
    std::uint8_t in_flight = 0;  ///< bit set by Op
    int send_error = 0;          ///< the response may still explain it
    bool in_request = false;
    bool response_complete = false;  ///< before the request had been sent
    bool peer_closed = false;
    http::ResponseParser parser;

    explicit Connection(std::span<char> body_prefix) noexcept : parser{body_prefix} {}
    [[nodiscard]] bool has_in_flight(Op op) const noexcept {
      return (in_flight & (1U << static_cast<unsigned>(op))) != 0;
    }
  };

  // client.cpp: the loop's side
  void advance_plan(Nanos now) noexcept;
  void report_progress(Nanos now) noexcept;
  void end_load(Nanos now) noexcept;
  void expire(Connection& conn, Nanos now) noexcept;
  void set_deadline(Connection& conn, Nanos deadline) noexcept;
  void note_error(Failure failure, std::string_view text) noexcept;
  [[nodiscard]] Connection* find(Token token) noexcept;

  // exchange.cpp: one connection's side
  void start_next(Connection& conn, Nanos now) noexcept;
  void begin_connect(Connection& conn) noexcept;
  void begin_exchange(Connection& conn) noexcept;
  [[nodiscard]] io_uring_sqe* take_sqe(Connection& conn, Op op) noexcept;
  void queue_send(Connection& conn) noexcept;
  void queue_receive(Connection& conn) noexcept;
  void on_connect(Connection& conn, int result) noexcept;
  void on_send(Connection& conn, int result) noexcept;
  void on_receive(Connection& conn, int result) noexcept;
  void on_finishing(Connection& conn, int result) noexcept;
  void on_peer_end(Connection& conn) noexcept;
  void consume(Connection& conn, std::span<const std::byte> bytes) noexcept;
  void complete_response(Connection& conn) noexcept;
  void finish_request(Connection& conn) noexcept;
  void begin_finish(Connection& conn, Nanos now) noexcept;
  void fail(Connection& conn, Failure failure, std::string_view text) noexcept;
  void fail_io(Connection& conn, int error, std::string_view text) noexcept;
  void begin_abort(Connection& conn) noexcept;
  void close_if_drained(Connection& conn) noexcept;
  void close_socket(Connection& conn) noexcept;

  Ring& ring_;
  const LoadOptions& options_;
  const RequestImage& image_;
  Plan& plan_;
  LoadResult& result_;
  const LoadHooks& hooks_;
  const std::atomic<bool>& stop_;
  std::unique_ptr<std::byte[]> receive_arena_;
  std::vector<char> prefix_arena_;
  std::vector<std::unique_ptr<Connection>> connections_;
  Nanos earliest_deadline_ = kNever;  ///< not after any connection's deadline
  Nanos next_tick_{0};
  std::uint64_t done_count_ = 0;  ///< requests without error, warm-up included
  std::uint64_t late_count_ = 0;
  std::size_t open_count_ = 0;
  bool is_head_method_ = false;
  bool is_stopping_ = false;
};

}  // namespace urb
