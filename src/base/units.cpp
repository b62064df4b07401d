#include "base/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace urb {
namespace {

struct TimeUnit {
  std::string_view name;
  std::int64_t nanos;
};
// Largest first, so that formatting finds the largest that divides evenly.
constexpr std::array<TimeUnit, 5> kTimeUnits{{
    {"m", 60'000'000'000},
    {"s", 1'000'000'000},
    {"ms", 1'000'000},
    {"us", 1'000},
    {"ns", 1},
}};

constexpr std::string_view kByteUnits = "kMGT";

}  // namespace

std::variant<Bytes, ParseError> parse_bytes(std::string_view text) {
  std::uint64_t number = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [rest, error] = std::from_chars(begin, end, number);
  const auto position = static_cast<std::size_t>(rest - begin);
  if (error == std::errc::result_out_of_range) return ParseError{0, "too large for a size"};
  if (error != std::errc{})
    return ParseError{0, "a size is a whole number with k, M or G: 64k, 10M"};
  if (rest == end) return Bytes{number};

  int shift = 0;
  switch (*rest) {
    case 'k':
    case 'K': shift = 10; break;
    case 'm':
    case 'M': shift = 20; break;
    case 'g':
    case 'G': shift = 30; break;
    case 't':
    case 'T': shift = 40; break;
    default: return ParseError{position, "unknown size unit; known are k, M, G (powers of 1024)"};
  }
  if (rest + 1 != end) return ParseError{position + 1, "nothing may follow the size unit"};
  if (number > (std::numeric_limits<std::uint64_t>::max() >> shift)) {
    return ParseError{0, "too large for a size"};
  }
  return Bytes{number << shift};
}

std::variant<Nanos, ParseError> parse_duration(std::string_view text) {
  double number = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [rest, error] = std::from_chars(begin, end, number, std::chars_format::fixed);
  const auto position = static_cast<std::size_t>(rest - begin);
  if (error != std::errc{} || !std::isfinite(number) || number < 0) {
    return ParseError{0, "a duration is a number with ms, s or m: 300ms, 1s, 2m"};
  }
  const std::string_view unit{rest, static_cast<std::size_t>(end - rest)};
  if (number == 0 && unit.empty()) return Nanos{0};
  for (const TimeUnit& known : kTimeUnits) {
    if (unit != known.name) continue;
    const double nanos = number * static_cast<double>(known.nanos);
    // 100 years: beyond it, sums with the clock could overflow.
    if (nanos > 3.2e18) return ParseError{0, "too long for a duration"};
    return Nanos{std::llround(nanos)};
  }
  if (unit.empty()) return ParseError{position, "a duration needs a unit: ms, s or m"};
  return ParseError{position, "unknown time unit; known are us, ms, s, m"};
}

std::string format_bytes(Bytes bytes) {
  std::uint64_t number = bytes.value;
  std::size_t unit_count = 0;
  while (number != 0 && number % 1024 == 0 && unit_count < kByteUnits.size()) {
    number /= 1024;
    ++unit_count;
  }
  if (unit_count == 0) return fmt::format("{}", number);
  return fmt::format("{}{}", number, kByteUnits[unit_count - 1]);
}

std::string format_duration(Nanos duration) {
  if (duration.count() == 0) return "0s";
  for (const TimeUnit& unit : kTimeUnits) {
    if (duration.count() % unit.nanos == 0) {
      return fmt::format("{}{}", duration.count() / unit.nanos, unit.name);
    }
  }
  return fmt::format("{}ns", duration.count());
}

}  // namespace urb
