// A sender of sockets to two workers, on a made-up kernel.
#pragma once

#include <array>
#include <vector>

#include "fault/made_up_kernel.hpp"
#include "net/handover.hpp"
#include "support/open_fds.hpp"

namespace urb::test {

inline constexpr std::uint32_t kSenderBuffers = 300;

struct SenderRig {
  Counters counters;
  MadeUpKernel kernel;
  BufferPool pool{kernel.ring(), {BufferKind::plain, kSenderBuffers, 4096, 0}};
  std::array<int, 2> channels{-1, -1};  // nothing is really sent
  HandoverSender sender{kernel.ring(), /*owner=*/9, channels, counters, 1024};
  std::size_t fds_idle = open_fd_count();

  /// A socket to give away, and its number.
  Fd socket() { return make_stream_pair().near; }
  void give(unsigned worker, int count) {
    for (int index = 0; index < count; ++index) sender.give(worker, socket());
  }
  /// Closes what messages had.
  void finish_closes(std::size_t expected) {
    const std::vector<Request> closes = kernel.take();
    REQUIRE(closes.size() == expected);
    for (const Request& close : closes) close.closes();
  }
  void expect_idle() {
    CHECK(sender.is_idle());
    CHECK(kernel.has_none());
    CHECK(open_fd_count() == fds_idle);
    CHECK(pool.free_count() == pool.buffer_count());
  }
};

}  // namespace urb::test
