// The only query that the server obeys: "?size=N", in pieces as they come off the wire.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace urb::http {

/// Finds the first "size=N" among the parameters of a target's query.
class SizeQuery {
 public:
  void read(std::string_view piece) noexcept {
    for (const char c : piece) read_one(c);
  }
  /// N, or nothing when it is absent or no number. 16 TiB and more is a mistake rather than a size,
  /// and ignored like any other query.
  [[nodiscard]] std::optional<std::uint64_t> value() const noexcept { return value_; }

 private:
  enum class State : std::uint8_t { before_query, in_key, in_other, in_value, done };
  static constexpr std::string_view kKey = "size=";
  static constexpr std::uint64_t kEnd = std::uint64_t{1} << 44;

  void read_one(char c) noexcept {
    switch (state_) {
      case State::before_query:
        if (c == '?') begin_key();
        break;
      case State::in_key:
        if (c == '&') {
          begin_key();
        } else if (c != kKey[matched_]) {
          state_ = State::in_other;
        } else if (++matched_ == kKey.size()) {
          state_ = State::in_value;
        }
        break;
      case State::in_other:
        if (c == '&') begin_key();
        break;
      case State::in_value: read_digit(c); break;
      case State::done: break;
    }
  }
  void begin_key() noexcept {
    state_ = State::in_key;
    matched_ = 0;
  }
  void read_digit(char c) noexcept {
    if (c == '&') {
      state_ = State::done;
      return;
    }
    value_ = value_.value_or(0) * 10 + static_cast<std::uint64_t>(c - '0');
    if (c >= '0' && c <= '9' && *value_ < kEnd) return;
    value_.reset();
    state_ = State::done;
  }

  State state_ = State::before_query;
  std::uint8_t matched_ = 0;
  std::optional<std::uint64_t> value_;
};

}  // namespace urb::http
