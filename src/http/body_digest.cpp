#include "http/body_digest.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace urb::http {
namespace {

// Odd, and without a pattern: the fraction of the golden ratio in 64 bits (Knuth, TAOCP 3, 6.4).
constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15;

// One to one in `hash` and in `word`: a word that differs is never forgotten by those behind it.
constexpr std::uint64_t mix(std::uint64_t hash, std::uint64_t word) noexcept {
  hash = (hash ^ word) * kMultiplier;
  return hash ^ (hash >> 29);
}

// The same for a lane, and quicker. The turn is there since a product carries upwards only: without
// it two changes of top bits would cancel out.
constexpr std::uint64_t mix_lane(std::uint64_t hash, std::uint64_t word) noexcept {
  return std::rotl(hash ^ word, 23) * kMultiplier;
}

std::uint64_t load_word(std::span<const std::byte> bytes) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof word);
  return word;
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
  if (is_whole_) return;
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
  std::uint64_t at = std::exchange(bytes_, bytes_ + piece.size());
  if (!has_begun_) {
    piece = fill_word(piece);
    if (partial_ < kWordBytes) return;
    begin(load_word(word_));
    partial_ = 0;
    at = kWordBytes;
  }
  is_whole_ ? add_whole(piece, at) : add_words(piece, at);
}

// `begin` is where the piece begins in the body, as for the next one.
void BodyDigest::add_whole(std::span<const std::byte> piece, std::uint64_t begin) noexcept {
  std::size_t lane = (begin / kWordBytes) % lanes_.size();
  const auto add_word = [&](std::span<const std::byte> bytes) {
    lanes_[lane] = mix_lane(lanes_[lane], load_word(bytes));
    lane = (lane + 1) % lanes_.size();
  };
  if (partial_ != 0) {
    piece = fill_word(piece);
    if (partial_ < kWordBytes) return;
    add_word(word_);
    partial_ = 0;
  }
  for (; lane != 0 && piece.size() >= kWordBytes; piece = piece.subspan(kWordBytes)) {
    add_word(piece);
  }
  std::array<std::uint64_t, 4> lanes = lanes_;  // in registers
  constexpr std::size_t kTurnBytes = sizeof lanes;
  const std::byte* const end = piece.data() + piece.size() / kTurnBytes * kTurnBytes;
  for (const std::byte* bytes = piece.data(); bytes != end; bytes += kTurnBytes) {
    std::array<std::uint64_t, 4> words;
    std::memcpy(words.data(), bytes, kTurnBytes);
    for (std::size_t index = 0; index < lanes.size(); ++index) {
      lanes[index] = mix_lane(lanes[index], words[index]);
    }
  }
  lanes_ = lanes;
  piece = piece.subspan(piece.size() / kTurnBytes * kTurnBytes);
  for (; piece.size() >= kWordBytes; piece = piece.subspan(kWordBytes)) add_word(piece);
  (void)fill_word(piece);
}

void BodyDigest::add_words(std::span<const std::byte> piece, std::uint64_t begin) noexcept {
  while (next_ + partial_ < bytes_) {
    const auto rest = piece.subspan(next_ + partial_ - begin);
    if (partial_ == 0 && rest.size() >= kWordBytes) {
      hash_ = mix(hash_, load_word(rest));
    } else {
      (void)fill_word(rest);
      if (partial_ < kWordBytes) return;
      hash_ = mix(hash_, load_word(word_));
      partial_ = 0;
    }
    choose_place();
  }
}

std::uint32_t BodyDigest::value() const noexcept {
  std::uint64_t hash = hash_;
  for (const std::uint64_t lane : lanes_) hash = mix(hash, lane);
  std::array<std::byte, kWordBytes> rest{};
  std::copy_n(word_.begin(), partial_, rest.begin());
  return static_cast<std::uint32_t>(mix(mix(hash, load_word(rest)), bytes_) >> 32);
}

}  // namespace urb::http
