// What proves that a hop brought the bytes that were sent.
#include "micro/hop.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <cerrno>
#include <vector>

namespace urb::test {

TEST_SUITE_BEGIN("unit");

TEST_CASE("hop: a stream is known by a word in each page, wherever it is cut") {
  std::vector<std::byte> stream(kStreamBytes);
  fill_stream(stream);
  CHECK(is_of_stream(0, stream));
  CHECK(is_of_stream(kStreamBytes, stream));
  const std::span bytes{stream};
  for (const std::size_t at : {std::size_t{1}, std::size_t{4095}, std::size_t{4096 * 7 + 100}}) {
    CHECK(is_of_stream(at, bytes.subspan(at)));
    CHECK_FALSE(is_of_stream(at + 4096, bytes.subspan(at)));  // as if a page were missing
    CHECK_FALSE(is_of_stream(at + 8, bytes.subspan(at)));     // or a few bytes
  }
  stream[4096 * 9] ^= std::byte{1};
  CHECK_FALSE(is_of_stream(0, stream));
}

TEST_CASE("hop: both ends are connected, and a peer ends when they close") {
  HopEnds ends = make_hop_ends();
  {
    const Peer reader{[&] {
      ends.source.close();
      ends.source_peer.close();
      ends.target.close();
      drain(ends.target_peer.get());
    }};
    const Peer writer{[&] {
      ends.target_peer.close();
      ends.target.close();
      ends.source.close();
      feed(ends.source_peer.get());
    }};
    ends.source_peer.close();
    ends.target_peer.close();
    std::vector<std::byte> memory(64 * 1024);
    const ssize_t got = recv(ends.source.get(), memory.data(), memory.size(), MSG_WAITALL);
    REQUIRE(got == static_cast<ssize_t>(memory.size()));
    CHECK(is_of_stream(0, memory));
    CHECK(send(ends.target.get(), memory.data(), memory.size(), MSG_NOSIGNAL) == got);
    // Bytes that were there before: the reader gives up, and nobody has told it to.
    CHECK(send(ends.target.get(), memory.data(), memory.size(), MSG_NOSIGNAL) == got);
    while (send(ends.target.get(), memory.data(), memory.size(), MSG_NOSIGNAL) > 0) {
    }
    // Of a reader that left bytes behind the first error says that instead (unix_release_sock()).
    CHECK((errno == EPIPE || errno == ECONNRESET));
    ends.source.close();
  }
}

TEST_SUITE_END();

}  // namespace urb::test
