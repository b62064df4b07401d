// What a worker says of a body, as proof that it had the bytes (decision 0034).
//
// The first 8 bytes of a body decide what is read of the rest. In one of kWholeShare bodies it is
// every byte. In the others it is one word of 8 bytes in each 4 KiB, at places that those first
// bytes give. So nobody knows beforehand what will be asked for, and it costs little. Any split of
// a body into pieces gives the same digest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace urb::http {

class BodyDigest {
 public:
  /// One body of so many is digested whole, by what its first bytes happen to be.
  static constexpr std::uint64_t kWholeShare = 64;

  /// Forgets everything and expects the first byte of a body.
  void reset() noexcept { *this = {}; }
  /// The next bytes of the body, in any pieces.
  void add(std::span<const std::byte> piece) noexcept;
  /// Of all bytes so far, and of their number. Bodies of fewer than 8 bytes are digested whole.
  [[nodiscard]] std::uint32_t value() const noexcept;

  /// Whether a body that begins with `word`, in the order of memory, is digested whole.
  [[nodiscard]] static bool is_whole(std::uint64_t word) noexcept;

 private:
  static constexpr std::uint64_t kBlockBytes = 4096;
  static constexpr std::size_t kWordBytes = sizeof(std::uint64_t);

  void begin(std::uint64_t word) noexcept;
  void add_whole(std::span<const std::byte> piece, std::uint64_t begin) noexcept;
  void add_words(std::span<const std::byte> piece, std::uint64_t begin) noexcept;
  void choose_place() noexcept;
  [[nodiscard]] std::span<const std::byte> fill_word(std::span<const std::byte> piece) noexcept;

  std::uint64_t bytes_ = 0;   ///< of the body, so far
  std::uint64_t places_ = 0;  ///< from which the next place comes
  std::uint64_t block_ = 0;   ///< where the block of the next word begins
  std::uint64_t next_ = 0;    ///< where the next word begins
  std::uint64_t hash_ = 0;    ///< of the words so far
  /// Of a body that is digested whole: each has every fourth word, so that four go at a time.
  std::array<std::uint64_t, 4> lanes_{};
  std::uint32_t partial_ = 0;  ///< bytes that `word_` has
  std::array<std::byte, kWordBytes> word_{};
  bool has_begun_ = false;  ///< the first word is known
  bool is_whole_ = false;
};

}  // namespace urb::http
