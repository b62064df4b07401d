// What tests of receive memory share: a pair of sockets, and a look at what came.
#pragma once

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "support/deadline.hpp"
#include "uring/buffer_pool.hpp"
#include "uring/ring.hpp"
#include "uring/socket.hpp"

namespace urb::test {

inline constexpr std::uint32_t kPoolBytes = 4096;

struct Sockets {
  Sockets() {
    int ends[2] = {-1, -1};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    near = Fd{Adopt{}, ends[0]};
    far = Fd{Adopt{}, ends[1]};
  }
  void write(std::string_view text) const {
    REQUIRE(send(far.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }
  Socket near;
  Fd far;
};

inline Completion wait_for_one(Ring& ring) {
  const Nanos deadline = monotonic_now() + kPatience;
  std::array<Completion, 1> batch;
  while (ring.collect(batch) == 0) {
    REQUIRE(monotonic_now() < deadline);
    ring.submit_and_wait(deadline);
  }
  return batch[0];
}

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace urb::test
