// What the fuzz targets share: ways to cut an input, and heads read a second time, plainly.
#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace urb::fuzz {

/// The last bytes of an input say how to cut it, so that a seed begins as what it is about.
inline constexpr std::size_t kControlBytes = 2;

struct Input {
  std::string_view text;
  std::size_t cut = 0;    ///< a place in it
  std::size_t piece = 1;  ///< a size, at least 1
  unsigned options = 0;   ///< for the target: 0 to 255
};

inline Input split_input(const std::uint8_t* data, std::size_t size) {
  const std::string_view all{reinterpret_cast<const char*>(data), size};
  if (size < kControlBytes) return {all};
  const std::size_t count = size - kControlBytes;
  const unsigned first = data[count];
  const unsigned second = data[count + 1];
  return {all.substr(0, count), (first | second << 8) % (count + 1), 1 + first % 64, second};
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text});
}

/// A header line, without the white space around its value.
struct Line {
  std::string_view name;
  std::string_view value;
};

/// A complete head, split at its line ends and colons and nothing else: what a strict reader of
/// RFC 9112 makes of it, independent of the parser under test.
struct PlainHead {
  std::string_view first_line;
  std::vector<Line> lines;
  [[nodiscard]] std::vector<std::string_view> values_of(std::string_view lower_case_name) const;
  /// Whether a Connection field lists the name.
  [[nodiscard]] bool is_named_by_connection(std::string_view name) const;
};
/// Ends the process for a head that has no empty line at its end, or a line without a name.
[[nodiscard]] PlainHead read_plain_head(std::string_view head);

[[nodiscard]] bool same_name(std::string_view a, std::string_view b);
/// Fields that are of one connection, or that are written anew by who forwards.
[[nodiscard]] bool is_replaced_by_proxy(std::string_view name);
/// Each end-to-end line of `source` is in `forwarded`, in order, and no other but those of `added`.
void check_end_to_end(const PlainHead& source, const PlainHead& forwarded,
                      std::span<const std::string_view> added);

}  // namespace urb::fuzz
