// Time and size as types, with the spellings users type: 1s, 300ms, 10M.
// Parsing returns a value or a ParseError. Nothing here throws or prints.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace urb {

/// A duration or a point on the monotonic clock, in nanoseconds.
using Nanos = std::chrono::nanoseconds;

/// A number of bytes, and not a count of anything else.
struct Bytes {
  std::uint64_t value = 0;
  auto operator<=>(const Bytes&) const = default;
};

/// Where and why a text could not be understood.
struct ParseError {
  std::size_t position = 0;
  std::string message;
};

/// "0", "512", "64k", "1M", "2G": powers of 1024, upper or lower case, no fraction.
[[nodiscard]] std::variant<Bytes, ParseError> parse_bytes(std::string_view text);
/// "300ms", "1s", "2m", "1.5s", "250us". A bare number is refused, since its unit would be a guess.
[[nodiscard]] std::variant<Nanos, ParseError> parse_duration(std::string_view text);

/// The inverse of parse_bytes: the largest unit that divides evenly ("10M", "1500").
[[nodiscard]] std::string format_bytes(Bytes bytes);
/// The inverse of parse_duration: the largest unit that divides evenly ("1s", "1500ms").
[[nodiscard]] std::string format_duration(Nanos duration);

[[nodiscard]] constexpr double to_seconds(Nanos duration) noexcept {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace urb
