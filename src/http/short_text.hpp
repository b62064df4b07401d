// The beginning of a name or value that comes in pieces: enough for those that are looked at.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "http/host_check.hpp"

namespace urb::http {

[[nodiscard]] constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

[[nodiscard]] inline bool equals_ignoring_case(std::string_view text,
                                               std::string_view lower_case) noexcept {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (to_lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

class ShortText {
 public:
  void clear() noexcept {
    size_ = 0;
    trimmed_size_ = 0;
  }
  void append(std::string_view piece, bool lower_case) noexcept {
    for (const char c : piece) {
      if (size_ < kMax) chars_[size_] = lower_case ? to_lower(c) : c;
      ++size_;
      if (!is_blank(c)) trimmed_size_ = size_;
    }
  }
  [[nodiscard]] bool has_begun() const noexcept { return size_ != 0; }
  [[nodiscard]] bool is_blank_only() const noexcept { return trimmed_size_ == 0; }
  /// Without the white space at its end; nothing when it is longer than all that matter.
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
