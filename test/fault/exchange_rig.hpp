// Exchanges and their lingering closes on a made-up kernel, between a client and one worker.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "fault/made_up_kernel.hpp"
#include "net/exchange.hpp"
#include "support/open_fds.hpp"

namespace urb::test {

struct ExchangeRig {
  enum Owner : std::uint8_t { kExchanges = 1, kRelay, kSender, kLingeringClose };
  static constexpr std::uint32_t kBuffers = 16;
  static constexpr std::size_t kCapacity = 4;
  static constexpr Nanos kBodyTimeout = std::chrono::seconds{10};

  ExchangeRig() {
    StreamPair pair = make_stream_pair();
    upstream = pair.near.get();
    worker = std::move(pair.far);
    upstreams.put_back(0, std::move(pair.near), kernel.ring().now());
  }
  ~ExchangeRig() {
    static_cast<void>(kernel.take());  // they are in flight, and end by being cancelled
    exchanges.cut_off();
    lingering_close.cut_off();
    for (auto queued = kernel.take(); !queued.empty(); queued = kernel.take()) {
      for (const Request& request : queued) {
        if (request.is(IORING_OP_ASYNC_CANCEL)) deliver({request.target(), -ECANCELED, 0});
        if (request.is(IORING_OP_CLOSE)) request.closes();
      }
    }
    sender.cut_off();
  }

  /// Serves a request whose head, at least, is in `text`, to the worker that is connected.
  void begin(std::string_view text) {
    StreamPair pair = make_stream_pair();
    client_fd = pair.near.get();
    client = std::move(pair.far);
    http::RequestParser parser;
    const auto bytes = std::as_bytes(std::span{text});
    ReadHead read{.socket = std::move(pair.near), .lease = buffers.try_take(), .end = text.size()};
    REQUIRE(read.lease.is_held());
    std::copy(bytes.begin(), bytes.end(), read.lease.memory().begin());
    const http::ParseStep step = parser.parse(bytes);
    REQUIRE(step.status == http::ParseStatus::head_complete);
    read.head_bytes = step.consumed;
    read.head = parser.head();
    exchanges.begin(std::move(read), 0);
  }
  void deliver(const Completion& done) {
    switch (done.token.owner) {
      case kExchanges: return exchanges.on_completion(done);
      case kLingeringClose: return lingering_close.on_completion(done);
      case kRelay:
        if (const auto end = relay.on_completion(done)) exchanges.on_transfer_end(*end);
        return;
      default: FAIL("a completion of nobody's");
    }
  }
  /// The requests queued since the last call, which have to be these operations.
  [[nodiscard]] std::vector<Request> take(const std::vector<int>& opcodes) {
    std::vector<Request> taken = kernel.take();
    REQUIRE(taken.size() == opcodes.size());
    for (std::size_t index = 0; index < taken.size(); ++index) {
      CAPTURE(index);
      REQUIRE(taken[index].is(opcodes[index]));
    }
    return taken;
  }
  [[nodiscard]] Request take_one(int opcode) { return take({opcode}).front(); }
  void receive(std::string_view text) { deliver(take_one(IORING_OP_RECV).brings(text)); }
  void send_all() { deliver(take_one(IORING_OP_SENDMSG).done_fully()); }

  /// The connection has to be closed without another word; with it, the exchange is over.
  void expect_close() {
    take_one(IORING_OP_CLOSE).closes();
    expect_end(/*is_kept=*/false);
  }
  /// The lingering close has to begin with `answer`, or without one.
  void expect_lingering_close(std::string_view answer) {
    const Request first = take_one(answer.empty() ? IORING_OP_RECV : IORING_OP_SEND);
    CHECK(first.token().owner == kLingeringClose);
    if (!answer.empty()) CHECK(first.text().starts_with(answer));
    expect_end(/*is_kept=*/false);
  }
  ExchangeEnd expect_end(bool is_kept) {
    CHECK(exchanges.is_idle());
    CHECK(exchanges.next_deadline() == kNever);
    auto ended = exchanges.take_ended();
    REQUIRE(ended.has_value());
    CHECK(ended->client.is_open() == is_kept);
    CHECK(buffers.free_count() + (ended->lease.is_held() ? 1 : 0) == kBuffers);
    return std::move(*ended);
  }
  [[nodiscard]] bool worker_is_kept() const { return !has_seen_end(worker.get()); }

  Counters counters;
  MadeUpKernel kernel;
  BufferPool buffers{kernel.ring(), {BufferKind::plain, kBuffers, kHeadBufferBytes}};
  LingeringClose lingering_close{kernel.ring(), kLingeringClose, counters, 8};
  std::array<int, 1> channels{-1};
  HandoverSender sender{kernel.ring(), kSender, channels, counters, 8};
  UpstreamPool upstreams{sender, 1, 8, std::chrono::seconds{60}, counters};
  Relay relay{kernel.ring(), kRelay, RelayKind::copy, buffers, counters, 16};
  ExchangePool exchanges{kernel.ring(),
                         kExchanges,
                         {buffers, relay, upstreams, lingering_close, counters},
                         {.body_timeout = kBodyTimeout},
                         kCapacity};
  int upstream = -1;   ///< the number of our end
  int client_fd = -1;  ///< the same, of the client's connection
  Fd worker;
  Fd client;
};

}  // namespace urb::test
