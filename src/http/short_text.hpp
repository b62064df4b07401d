// Texts of a head: what they may hold, and the start of one that comes in pieces.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "http/host_check.hpp"

namespace urb::http {

[[nodiscard]] constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

[[nodiscard]] inline bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

/// Control characters other than tabs, which neither a field nor a reason may have.
[[nodiscard]] inline bool has_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 127;
  });
}

/// The start of a name or value: enough for those that are looked at.
class ShortText {
 public:
  void clear() noexcept {
    size_ = 0;
    trimmed_size_ = 0;
  }
  void append(std::string_view piece, bool lower_case) noexcept {
    const std::size_t kept = std::min(piece.size(), kMax - std::min(size_, kMax));
    const std::string_view start = piece.substr(0, kept);
    char* const into = chars_.data() + std::min(size_, kMax);
    if (lower_case) {
      std::transform(start.begin(), start.end(), into, to_lower);
    } else {
      std::copy(start.begin(), start.end(), into);
    }
    // Blanks are few, and at the end.
    const auto last = std::find_if_not(piece.rbegin(), piece.rend(), is_blank);
    if (last != piece.rend()) {
      trimmed_size_ = size_ + static_cast<std::size_t>(piece.rend() - last);
    }
    size_ += piece.size();
  }
  [[nodiscard]] bool has_begun() const noexcept { return size_ != 0; }
  [[nodiscard]] bool is_blank_only() const noexcept { return trimmed_size_ == 0; }
  /// The text without the white space at its end, or nothing when it is longer than all that
  /// matter.
  [[nodiscard]] std::string_view view() const noexcept {
    return {chars_.data(), trimmed_size_ <= kMax ? trimmed_size_ : 0};
  }

 private:
  static constexpr std::size_t kMax = 64;
  std::array<char, kMax> chars_;
  std::size_t size_ = 0;  ///< may exceed kMax
  std::size_t trimmed_size_ = 0;
};

}  // namespace urb::http
