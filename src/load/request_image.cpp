#include "load/request_image.hpp"

#include <algorithm>
#include <cstring>
#include <random>

#include "base/assert.hpp"
#include "base/crc32c.hpp"
#include "http/body_digest.hpp"

namespace urb {
namespace {

constexpr std::size_t kRangesPerMessage = 1024;  // UIO_MAXIOV, readv(2)
constexpr std::size_t kPageBytes = 4096;

void fill_randomly(std::span<std::byte> bytes, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  while (!bytes.empty()) {
    const std::uint64_t word = random();
    const std::size_t size = std::min(bytes.size(), sizeof word);
    std::memcpy(bytes.data(), &word, size);
    bytes = bytes.subspan(size);
  }
}

}  // namespace

void RequestImage::Message::seal() noexcept {
  header.msg_iov = ranges.data();
  header.msg_iovlen = ranges.size();
  for (const iovec& range : ranges) bytes += range.iov_len;
}

RequestImage::RequestImage(std::string_view head, Bytes body, std::size_t region_bytes,
                           std::uint64_t seed)
    : region_bytes_{region_bytes}, head_bytes_{head.size()}, body_bytes_{body.value} {
  URB_ASSERT(region_bytes_ != 0 && head_bytes_ != 0);
  const auto used = static_cast<std::size_t>(std::min<std::uint64_t>(body_bytes_, region_bytes_));
  storage_.resize(head.size() + kPageBytes + used);
  // The region is page-aligned, with the head right in front. A small request is then one range.
  const auto address = reinterpret_cast<std::uintptr_t>(storage_.data());
  const std::uintptr_t aligned = (address + head.size() + kPageBytes - 1) & ~(kPageBytes - 1);
  std::byte* const region = storage_.data() + (aligned - address);
  std::memcpy(region - head.size(), head.data(), head.size());
  fill_randomly({region, used}, seed);
  region_ = region;
  head_ = region - head.size();

  const std::uint64_t message_bytes = std::uint64_t{kRangesPerMessage} * region_bytes_;
  first_.ranges.push_back({const_cast<std::byte*>(head_), head.size() + used});
  append_body(first_, std::min(body_bytes_, message_bytes) - used);
  if (body_bytes_ >= 2 * message_bytes) append_body(middle_, message_bytes);
  if (body_bytes_ > message_bytes) append_body(last_, body_bytes_ % message_bytes);
  for (Message* message : {&first_, &middle_, &last_}) message->seal();
}

std::uint64_t RequestImage::first_word(std::uint64_t seed) noexcept {
  return std::mt19937_64{seed}();
}

template <class Visit>
void RequestImage::visit_body(Visit visit) const noexcept {
  for (std::uint64_t left = body_bytes_; left != 0;) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, region_bytes_));
    visit(std::span{region_, size});
    left -= size;
  }
}

std::uint32_t RequestImage::body_crc32c() const noexcept {
  std::uint32_t crc = 0;
  visit_body([&crc](std::span<const std::byte> piece) { crc = crc32c(crc, piece); });
  return crc;
}

std::uint32_t RequestImage::body_digest() const noexcept {
  http::BodyDigest digest;
  visit_body([&digest](std::span<const std::byte> piece) { digest.add(piece); });
  return digest.value();
}

void RequestImage::append_body(Message& message, std::uint64_t bytes) {
  while (bytes != 0) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, region_bytes_));
    // sendmsg(2) takes ranges without const, and only reads them.
    message.ranges.push_back({const_cast<std::byte*>(region_), size});
    bytes -= size;
  }
}

RequestPiece RequestImage::piece_at(std::uint64_t sent) const noexcept {
  URB_ASSERT(sent < total_bytes());
  if (sent < head_bytes_) {
    if (sent == 0 && first_.ranges.size() > 1) return {&first_.header, {}};
    const iovec& range = first_.ranges.front();
    return {nullptr, {head_ + sent, range.iov_len - static_cast<std::size_t>(sent)}};
  }
  const std::uint64_t offset = sent - head_bytes_;
  const std::uint64_t left = body_bytes_ - offset;
  const std::uint64_t message_bytes = std::uint64_t{kRangesPerMessage} * region_bytes_;
  if (offset != 0 && offset % message_bytes == 0) {
    return {left >= message_bytes ? &middle_.header : &last_.header, {}};
  }
  const auto in_region = static_cast<std::size_t>(offset % region_bytes_);
  const auto size =
      static_cast<std::size_t>(std::min<std::uint64_t>(left, region_bytes_ - in_region));
  return {nullptr, {region_ + in_region, size}};
}

}  // namespace urb
