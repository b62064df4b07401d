#include "http/body_digest.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/crc32c.hpp"

namespace urb::http {
namespace {

// Odd, and without a pattern: the fraction of the golden ratio in 64 bits (Knuth, TAOCP 3, 6.4).
constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15;

// One to one in `hash` and in `word`: a word that differs is never forgotten by those behind it.
constexpr std::uint64_t mix(std::uint64_t hash, std::uint64_t word) noexcept {
  hash = (hash ^ word) * kMultiplier;
  return hash ^ (hash >> 29);
}

}  // namespace

bool BodyDigest::is_whole(std::uint64_t word) noexcept {
  return mix(kMultiplier, word) % kWholeShare == 0;
}

void BodyDigest::begin(std::uint64_t word) noexcept {
  has_begun_ = true;
  is_whole_ = is_whole(word);
  hash_ = mix(0, word);
  places_ = word;
  if (is_whole_) {
    crc_ = crc32c(0, word_);
    return;
  }
  choose_place();
  next_ = std::max<std::uint64_t>(next_, kWordBytes);  // the first word is in already
}

// Whole words of the block, so that each of its bytes is as likely as any other.
void BodyDigest::choose_place() noexcept {
  places_ = mix(places_, block_);
  next_ = block_ + (places_ >> 32) % kBlockBytes / kWordBytes * kWordBytes;
  block_ += kBlockBytes;
}

// Takes what `word_` lacks from `piece`, and returns what is behind it.
std::span<const std::byte> BodyDigest::fill_word(std::span<const std::byte> piece) noexcept {
  const std::size_t count = std::min(piece.size(), kWordBytes - partial_);
  std::copy_n(piece.begin(), count, word_.begin() + partial_);
  partial_ += static_cast<std::uint32_t>(count);
  return piece.subspan(count);
}

void BodyDigest::add(std::span<const std::byte> piece) noexcept {
  const std::span<const std::byte> whole_piece = piece;
  const std::uint64_t piece_begin = std::exchange(bytes_, bytes_ + piece.size());
  if (!has_begun_) {
    piece = fill_word(piece);
    if (partial_ < kWordBytes) return;
    std::uint64_t word = 0;
    std::memcpy(&word, word_.data(), kWordBytes);
    begin(word);
    partial_ = 0;
  }
  if (is_whole_) {
    crc_ = crc32c(crc_, piece);
    return;
  }
  while (next_ + partial_ < bytes_) {
    const auto rest = whole_piece.subspan(next_ + partial_ - piece_begin);
    std::uint64_t word = 0;
    if (partial_ == 0 && rest.size() >= kWordBytes) {
      std::memcpy(&word, rest.data(), kWordBytes);
    } else {
      (void)fill_word(rest);
      if (partial_ < kWordBytes) return;
      std::memcpy(&word, word_.data(), kWordBytes);
      partial_ = 0;
    }
    hash_ = mix(hash_, word);
    choose_place();
  }
}

std::uint32_t BodyDigest::value() const noexcept {
  std::uint64_t hash = hash_;
  if (is_whole_) {
    hash = crc_;
  } else if (partial_ != 0) {
    hash = mix(hash, crc32c(0, std::span{word_}.first(partial_)));
  }
  hash = mix(hash, bytes_);
  return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace urb::http
