// One request and its response, between a client and a worker, as the proxying master sees them.
//
// Head and response head go through a buffer and are rebuilt from their parse; bodies of known
// length go through the relay. A chunked body is read, checked and forwarded piece by piece, since
// only a parser can tell where it ends.
//
// The order of steps is in request_leg.cpp and response_leg.cpp. Here their actions become requests
// of the ring, and completions become their events.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/deadline_queue.hpp"
#include "base/fd.hpp"
#include "base/slot_map.hpp"
#include "http/limits.hpp"
#include "net/head_reader.hpp"
#include "net/kernel_tls.hpp"
#include "net/lingering_close.hpp"
#include "net/relay.hpp"
#include "net/request_leg.hpp"
#include "net/response_leg.hpp"
#include "net/upstream_pool.hpp"
#include "stats/counters.hpp"
#include "uring/buffer_pool.hpp"
#include "uring/operations.hpp"
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
  void begin(ReadHead read, unsigned worker) noexcept;
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
  enum class Leg : std::uint8_t { request, response };
  /// Of each pair, the first is of the request's leg.
  enum class Op : std::uint8_t {
    poll_request,
    poll_response,
    read_request,
    read_response,
    send_request,
    send_response,
    wait_request,  ///< for room, to send on
    wait_response,
    send_continue,
    record  ///< of the client's TLS, which the kernel does: one that is no data
  };
  enum class Ending : std::uint8_t { none, keep, lingering_close, refusal, close };

  struct Exchange : OperationSlot<Op> {
    Exchange(ReadHead& read, unsigned its_worker, std::optional<Bytes> body_max) noexcept;
    Ending ending = Ending::none;
    int status = 0;  ///< for the lingering close
    unsigned worker;
    Fd client;
    Fd upstream;
    BufferLease lease;                      ///< both legs have parts of it
    std::unique_ptr<RecordReceive> record;  ///< once there was one
    std::uint64_t moved = 0;                ///< progress at the last look of the deadline
    std::uint64_t moved_by_hand = 0;        ///< bytes that are not counted by a running transfer
    Deadline<Exchange> deadline;
    ListHook<Exchange> deadline_hook;
    ListHook<Exchange> waiting_hook;
    RequestLeg request;
    ResponseLeg response;

    [[nodiscard]] bool wants_to_read(Leg leg) const noexcept;
    [[nodiscard]] int source(Leg leg) const noexcept {
      return (leg == Leg::request ? client : upstream).get();
    }
    [[nodiscard]] int target(Leg leg) const noexcept {
      return (leg == Leg::request ? upstream : client).get();
    }
    [[nodiscard]] LegWork& work(Leg leg) noexcept {
      return leg == Leg::request ? static_cast<LegWork&>(request) : response;
    }
    [[nodiscard]] bool has_in_flight() const noexcept {
      return !in_flight.none() || request.transfer || response.transfer;
    }
  };
  /// That of a pair which is of `leg`.
  [[nodiscard]] static constexpr Op of(Leg leg, Op of_request) noexcept {
    return static_cast<Op>(static_cast<unsigned>(of_request) + static_cast<unsigned>(leg));
  }
  // exchange.cpp: from events to actions
  void advance(Exchange& exchange, Leg leg, LegEvent event) noexcept;
  void advance_request(Exchange& exchange, LegEvent event) noexcept;
  void advance_response(Exchange& exchange, LegEvent event) noexcept;
  void on_continue_sent(Exchange& exchange, int result) noexcept;
  // exchange_io.cpp: from actions to requests, and back
  void receive(Exchange& exchange, Leg leg) noexcept;
  void poll(Exchange& exchange, Leg leg) noexcept;
  void read(Exchange& exchange) noexcept;
  void receive_record(Exchange& exchange) noexcept;
  void on_record(Exchange& exchange, int result) noexcept;
  void send(Exchange& exchange, Leg leg) noexcept;
  void on_sent(Exchange& exchange, Leg leg, int result) noexcept;
  void wait(Exchange& exchange, Leg leg) noexcept;
  void on_wait(Exchange& exchange, Leg leg, const Completion& done) noexcept;
  [[nodiscard]] bool start_transfer(Exchange& exchange, Leg leg) noexcept;
  void set_buffer(Exchange& exchange, BufferLease lease) noexcept;
  void release_buffer(Exchange& exchange) noexcept;
  // exchange_end.cpp: failures, ends and deadlines
  void on_response_done(Exchange& exchange) noexcept;
  void on_client_gone(Exchange& exchange) noexcept;
  void on_tls_broken(Exchange& exchange) noexcept;
  void refuse(Exchange& exchange) noexcept;
  void fail(Exchange& exchange, int status) noexcept;
  void end(Exchange& exchange, Ending ending, int status) noexcept;
  void finish(Exchange& exchange) noexcept;
  [[nodiscard]] std::uint64_t progress(Exchange& exchange) noexcept;

  Ring& ring_;
  Operations<Op> operations_;
  Parts parts_;
  http::Limits limits_;
  DeadlineQueue<Exchange, 1> deadlines_;
  IntrusiveList<Exchange, &Exchange::waiting_hook> waiting_;  ///< need a buffer, none was free
  SlotMap<Exchange> exchanges_;
  std::vector<ExchangeEnd> ended_;
  bool stopping_ = false;
};

}  // namespace urb
