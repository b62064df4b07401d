// The request image: the pieces, whatever their shape, are the head followed by the whole body.
#include "load/request_image.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

constexpr std::uint64_t kSeed = 4711;
constexpr std::string_view kHead = "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n";

std::string bytes_of(const RequestPiece& piece) {
  std::string text;
  if (piece.message == nullptr) {
    text.assign(reinterpret_cast<const char*>(piece.bytes.data()), piece.bytes.size());
    return text;
  }
  for (std::size_t i = 0; i < piece.message->msg_iovlen; ++i) {
    const iovec& range = piece.message->msg_iov[i];
    text.append(static_cast<const char*>(range.iov_base), range.iov_len);
  }
  return text;
}

/// All bytes from `sent` on, each piece cut to `step_max` as if its send had ended short.
std::string send_all(const RequestImage& image, std::uint64_t sent = 0,
                     std::size_t step_max = SIZE_MAX) {
  std::string text;
  while (sent < image.total_bytes()) {
    const std::string piece = bytes_of(image.piece_at(sent)).substr(0, step_max);
    REQUIRE_FALSE(piece.empty());
    text += piece;
    sent += piece.size();
  }
  return text;
}

std::string expected_bytes(std::uint64_t body_bytes, std::size_t region_bytes) {
  std::string text{kHead};
  std::string region;
  for (std::mt19937_64 random{kSeed}; region.size() < region_bytes;) {
    const std::uint64_t word = random();
    region.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  for (std::uint64_t i = 0; i < body_bytes; ++i) text += region[i % region_bytes];
  return text;
}

}  // namespace

TEST_CASE("the pieces are the head and the body, for sizes around every boundary") {
  constexpr std::size_t kRegion = 3;
  constexpr std::uint64_t kMessage = 1024 * kRegion;
  for (const std::uint64_t body :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{3}, std::uint64_t{4}, kMessage - 1,
        kMessage, kMessage + 1, 2 * kMessage - 1, 2 * kMessage, 2 * kMessage + 1,
        3 * kMessage + 2}) {
    CAPTURE(body);
    const RequestImage image{kHead, Bytes{body}, kRegion, kSeed};
    CHECK(image.total_bytes() == kHead.size() + body);
    CHECK(send_all(image) == expected_bytes(body, kRegion));
  }
}

TEST_CASE("a send that ended short anywhere is continued with the right byte") {
  constexpr std::size_t kRegion = 7;
  const RequestImage image{kHead, Bytes{100}, kRegion, kSeed};
  const std::string expected = expected_bytes(100, kRegion);
  for (std::uint64_t sent = 0; sent < image.total_bytes(); ++sent) {
    CAPTURE(sent);
    CHECK(send_all(image, sent) == expected.substr(sent));
  }
  CHECK(send_all(image, 0, 1) == expected);
}

TEST_CASE("a request that fits into the region is one range, not a message") {
  const RequestImage image{kHead, Bytes{1000}};
  CHECK(image.piece_at(0).message == nullptr);
  CHECK(image.piece_at(0).bytes.size() == image.total_bytes());
}

TEST_CASE("a body of many gigabytes costs a region and a few messages") {
  const RequestImage image{kHead, Bytes{std::uint64_t{1} << 40}};
  std::uint64_t sent = 0;
  for (int i = 0; i < 3; ++i) {
    const RequestPiece piece = image.piece_at(sent);
    REQUIRE(piece.message != nullptr);
    CHECK(piece.message->msg_iovlen == 1024);
    std::uint64_t bytes = 0;
    for (std::size_t k = 0; k < piece.message->msg_iovlen; ++k) {
      bytes += piece.message->msg_iov[k].iov_len;
    }
    CHECK(bytes <= 0x7ffff000);  // MAX_RW_COUNT: the kernel cuts longer messages
    sent += bytes;
  }
}

}  // namespace urb
