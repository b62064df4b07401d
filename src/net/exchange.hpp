// One request and its response, between a client and a worker, as the proxying master sees them.
//
// Head and response head go through a buffer and are rebuilt from their parse; bodies of known
// length go through the relay. A chunked body is read, checked and forwarded piece by piece, since
// only a parser can tell where it ends.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/deadline_queue.hpp"
#include "base/fd.hpp"
#include "base/slot_map.hpp"
#include "http/limits.hpp"
#include "http/request_parser.hpp"
#include "http/response_parser.hpp"
#include "net/head_reader.hpp"
#include "net/lingering_close.hpp"
#include "net/relay.hpp"
#include "net/upstream_pool.hpp"
#include "net/write_wait.hpp"
#include "stats/counters.hpp"
#include "uring/buffer_pool.hpp"
#include "uring/ring.hpp"

namespace urb {

/// An exchange that is over. `client` is open when the connection goes on; then bytes [begin, end)
/// of `lease`, or `parked`, were read behind the request.
struct ExchangeEnd {
  unsigned worker = 0;
  Fd client;
  BufferLease lease;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::vector<std::byte> parked{};
};

class ExchangePool {
 public:
  /// The parts it works with; all of them outlive it.
  struct Parts {
    BufferPool& buffers;
    Relay& relay;
    UpstreamPool& upstreams;
    LingeringClose& lingering_close;
    Counters& counters;
  };
  ExchangePool(Ring& ring, std::uint8_t owner, const Parts& parts, const http::Limits& limits,
               std::size_t capacity);

  /// Forwards the request to `worker`. The end comes from take_ended(), perhaps at once.
  void begin(ReadHead request, unsigned worker) noexcept;
  void on_completion(const Completion& done) noexcept;
  void on_transfer_end(const TransferEnd& end) noexcept;
  /// The next exchange that has ended; call it until there is none.
  [[nodiscard]] std::optional<ExchangeEnd> take_ended() noexcept;

  void on_batch_end(Nanos now) noexcept;
  [[nodiscard]] Nanos next_deadline() const noexcept { return deadlines_.next(); }
  void on_deadline(Nanos now) noexcept;
  /// Finishes what is in flight; no connection is kept after it.
  void begin_stop() noexcept { stopping_ = true; }
  void cut_off() noexcept;
  [[nodiscard]] bool is_idle() const noexcept { return exchanges_.size() == 0; }

 private:
  enum class Op : std::uint8_t {
    send_continue,
    send_request,
    wait_upstream,
    poll_client,
    read_client,
    poll_response,
    read_response,
    send_response,
    wait_client,
    close,
    cancel
  };
  enum class Direction : std::uint8_t { up, down };
  enum class Ending : std::uint8_t { none, keep, lingering_close, close };

  /// A message of up to two pieces on its way: of the lease, until the receiver takes no more; then
  /// the rest is copied, and the buffer serves others.
  struct Outgoing {
    std::array<iovec, 2> parts{};
    msghdr message{};
    std::vector<std::byte> rest;
    WriteWait wait;
    std::uint64_t left = 0;

    void set(iovec first, iovec second) noexcept;
    void prep(io_uring_sqe* sqe, int socket) noexcept;
    /// Takes the bytes that were sent, and parks what is left of the others.
    void advance(std::size_t sent) noexcept;
  };

  struct Exchange {
    explicit Exchange(std::optional<Bytes> body_max) noexcept : parser{body_max} {}
    std::uint32_t slot_index = 0;
    std::uint16_t generation = 0;
    unsigned worker = 0;
    std::uint16_t armed = 0;  ///< a bit per Op in flight; each at most once
    Ending ending = Ending::none;
    int status = 0;             ///< for the lingering close
    bool request_done = false;  ///< every byte of it has gone upstream
    bool response_begun = false;
    bool response_done = false;  ///< every byte of it has gone to the client
    bool keep_client = false;
    bool keep_upstream = false;
    bool wants_chunk = false;     ///< waits for a buffer to read the client's next chunk into
    bool wants_response = false;  ///< waits for a buffer to read the response into
    Fd client;
    Fd upstream;
    http::RequestHead head;
    BufferLease lease;
    std::size_t begin = 0;  ///< bytes of the client in the lease, not yet forwarded
    std::size_t end = 0;
    std::size_t response_end = 0;     ///< bytes of the response in the lease
    std::size_t response_head = 0;    ///< of them, the head; held back behind 100 and the request
    std::uint64_t request_left = 0;   ///< for the relay
    std::uint64_t response_left = 0;  ///< for the relay
    std::optional<std::uint32_t> up;
    std::optional<std::uint32_t> down;
    std::uint64_t moved = 0;          ///< progress at the last look of the deadline
    std::uint64_t moved_by_hand = 0;  ///< bytes that did not go through the relay
    Deadline<Exchange> deadline;
    ListHook<Exchange> deadline_hook;
    ListHook<Exchange> waiting_hook;
    std::vector<std::byte> parked;  ///< what the client sent behind its request
    Outgoing request;
    Outgoing answer;
    http::RequestParser parser;  ///< of a chunked body
    http::ResponseParser response;

    [[nodiscard]] bool is_armed(Op op) const noexcept { return (armed & bit(op)) != 0; }
    [[nodiscard]] bool has_in_flight() const noexcept { return armed != 0 || up || down; }
    static constexpr std::uint16_t bit(Op op) noexcept {
      return static_cast<std::uint16_t>(1U << static_cast<unsigned>(op));
    }
  };
  [[nodiscard]] Token token(Op op, const Exchange& exchange) const noexcept {
    return {owner_, static_cast<std::uint8_t>(op), exchange.generation, exchange.slot_index};
  }
  /// An SQE for `op`, which is marked as in flight.
  [[nodiscard]] io_uring_sqe* arm(Op op, Exchange& exchange) noexcept;
  // exchange_request.cpp: from the client to the worker
  void send_request(Exchange& exchange, std::size_t head_bytes, std::size_t body_bytes) noexcept;
  void on_request_sent(Exchange& exchange, int result) noexcept;
  void on_request_done(Exchange& exchange) noexcept;
  void want_chunk(Exchange& exchange) noexcept;
  void on_chunk(Exchange& exchange, int result) noexcept;
  [[nodiscard]] bool check_chunks(Exchange& exchange, std::size_t& body_bytes) noexcept;
  // exchange_response.cpp: from the worker to the client
  void want_response(Exchange& exchange, bool expect_soon) noexcept;
  void on_response_read(Exchange& exchange, int result) noexcept;
  void send_response(Exchange& exchange, std::size_t head_bytes) noexcept;
  void on_response_sent(Exchange& exchange, int result) noexcept;
  void on_response_done(Exchange& exchange) noexcept;
  // exchange.cpp: buffers, failures, ends
  void use_lease(Exchange& exchange) noexcept;
  void release_lease(Exchange& exchange) noexcept;
  // exchange_send.cpp: messages that go in pieces
  [[nodiscard]] bool has_sent(Exchange& exchange, Direction direction, int result) noexcept;
  void on_wait(Exchange& exchange, Direction direction, const Completion& done) noexcept;
  void send_on(Exchange& exchange, Direction direction) noexcept;
  [[nodiscard]] bool start_transfer(Exchange& exchange, Direction direction,
                                    std::uint64_t bytes) noexcept;
  void on_client_gone(Exchange& exchange) noexcept;
  void on_upstream_gone(Exchange& exchange) noexcept;
  void end(Exchange& exchange, Ending ending, int status) noexcept;
  void cancel_all(Exchange& exchange) noexcept;
  void finish(Exchange& exchange) noexcept;
  [[nodiscard]] std::uint64_t progress(Exchange& exchange) noexcept;

  Ring& ring_;
  std::uint8_t owner_;
  Parts parts_;
  http::Limits limits_;
  DeadlineQueue<Exchange, 1> deadlines_;
  IntrusiveList<Exchange, &Exchange::waiting_hook> waiting_;  ///< need a buffer, none was free
  SlotMap<Exchange> exchanges_;
  std::vector<ExchangeEnd> ended_;
  bool stopping_ = false;
};

}  // namespace urb
