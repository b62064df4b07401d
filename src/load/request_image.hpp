// One request as bytes to send: its head and a body of any size, of which only one small region
// exists in memory. All connections share it, and it is read-only after construction.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/units.hpp"

namespace urb {

/// What one send is given: a message of many ranges, or, where `message` is null, one range.
struct RequestPiece {
  const msghdr* message;
  std::span<const std::byte> bytes;
};

/// The body is the region over and over. The region is small so that it stays in the core's cache.
/// The kernel's copy then reads no memory, which is most of what a large upload costs its sender.
class RequestImage {
 public:
  /// Measured with 1 and 10 MiB bodies: 16 KiB to 1 MiB cost the same within the noise, a region of
  /// 10 MiB about 10 % more.
  static constexpr std::size_t kRegionBytes = 256 * 1024;

  /// The region holds random bytes, which follow from `seed`.
  RequestImage(std::string_view head, Bytes body, std::size_t region_bytes = kRegionBytes,
               std::uint64_t seed = 0);
  RequestImage(const RequestImage&) = delete;
  RequestImage& operator=(const RequestImage&) = delete;

  [[nodiscard]] std::uint64_t total_bytes() const noexcept { return head_bytes_ + body_bytes_; }
  [[nodiscard]] std::uint64_t body_bytes() const noexcept { return body_bytes_; }
  /// The first 8 bytes of every body of `seed` that is as long, in the order of memory.
  [[nodiscard]] static std::uint64_t first_word(std::uint64_t seed) noexcept;
  /// Computed anew with each call, which takes some ms for 10 MiB.
  [[nodiscard]] std::uint32_t body_crc32c() const noexcept;
  /// What our server says of the body, as proof that it had it. At most as slow.
  [[nodiscard]] std::uint32_t body_digest() const noexcept;

  /// What follows the first `sent` bytes, which are fewer than total_bytes(). Pieces as large as
  /// the kernel takes them, except behind a send that ended short. They stay valid and unchanged.
  [[nodiscard]] RequestPiece piece_at(std::uint64_t sent) const noexcept;

 private:
  struct Message {
    std::vector<iovec> ranges;
    msghdr header{};
    std::uint64_t bytes = 0;
    void seal() noexcept;
  };
  template <class Visit>
  void visit_body(Visit visit) const noexcept;
  void append_body(Message& message, std::uint64_t bytes);

  std::vector<std::byte> storage_;
  const std::byte* head_ = nullptr;  ///< directly in front of the region
  const std::byte* region_ = nullptr;
  std::size_t region_bytes_;
  std::uint64_t head_bytes_;
  std::uint64_t body_bytes_;
  Message first_;   ///< the head and the body's start
  Message middle_;  ///< any full stretch of the body behind it
  Message last_;    ///< what is left then
};

}  // namespace urb
