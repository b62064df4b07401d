// A head reader with its lingering close on a made-up kernel.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fault/made_up_kernel.hpp"
#include "net/head_reader.hpp"

namespace urb::test {

inline constexpr std::string_view kHead = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";

struct HeadRig {
  enum Owner : std::uint8_t { kHeads = 1, kLingeringClose };
  /// Enough that two connections read directly; with few, they poll first.
  static constexpr std::uint32_t kBuffers = 8;
  explicit HeadRig(std::uint32_t buffer_count = kBuffers, EndBy end_by = EndBy::shutdown)
      : lingering_close{kernel.ring(), kLingeringClose, counters, 8, end_by},
        buffers{kernel.ring(), {BufferKind::plain, buffer_count, kHeadBufferBytes, 0}},
        heads{kernel.ring(), kHeads, buffers, lingering_close, counters, {}, 8} {}

  Fd begin() {
    StreamPair pair = make_stream_pair();
    read = heads.begin(std::move(pair.near));
    return std::move(pair.far);
  }
  Fd begin_next(std::string_view behind) {
    StreamPair pair = make_stream_pair();
    BufferLease lease = buffers.try_take();
    constexpr std::size_t kBegin = 1000;
    std::memcpy(lease.memory().data() + kBegin, behind.data(), behind.size());
    read = heads.begin_next(std::move(pair.near), std::move(lease), kBegin, kBegin + behind.size());
    return std::move(pair.far);
  }
  void deliver(const Completion& done) {
    if (done.token.owner == kLingeringClose) return lingering_close.on_completion(done);
    read = heads.on_completion(done);
  }
  void receive(std::string_view text) { deliver(kernel.take_one(IORING_OP_RECV).brings(text)); }
  void expect_close() {
    kernel.take_one(IORING_OP_CLOSE).closes();
    expect_idle();
    CHECK(counters.connections_closed.get() == 1);
  }
  void expect_idle() {
    CHECK_FALSE(read);
    CHECK(heads.is_idle());
    CHECK(lingering_close.is_idle());
    CHECK(kernel.has_none());
    CHECK(heads.next_deadline() == kNever);
    CHECK(buffers.free_count() == buffers.buffer_count());
  }
  void expect_lingering_close(std::string_view answer) {
    CHECK(heads.is_idle());
    CHECK(buffers.free_count() == buffers.buffer_count());
    const Request send = kernel.take_one(IORING_OP_SEND);
    CHECK(send.token().owner == kLingeringClose);
    CHECK(send.text().starts_with(answer));
    deliver(send.done(-EPIPE));
    expect_close();
  }

  Counters counters;
  MadeUpKernel kernel;
  LingeringClose lingering_close;
  BufferPool buffers;
  HeadReader heads;
  std::optional<ReadHead> read;
};

[[nodiscard]] inline std::string bytes_of(const ReadHead& read) {
  const auto bytes = read.lease.memory().subspan(read.begin, read.end - read.begin);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace urb::test
