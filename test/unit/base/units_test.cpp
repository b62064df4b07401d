// Sizes and durations as users type them, and back.
#include "base/units.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

std::uint64_t bytes_of(std::string_view text) { return std::get<Bytes>(parse_bytes(text)).value; }
Nanos nanos_of(std::string_view text) { return std::get<Nanos>(parse_duration(text)); }

TEST_CASE("units: a size is a whole number and a power of 1024") {
  CHECK(bytes_of("0") == 0);
  CHECK(bytes_of("512") == 512);
  CHECK(bytes_of("1k") == 1024);
  CHECK(bytes_of("64K") == 65536);
  CHECK(bytes_of("10M") == 10485760);
  CHECK(bytes_of("3m") == 3145728);
  CHECK(bytes_of("2G") == 2147483648);
  CHECK(bytes_of("1t") == 1099511627776);
  CHECK(bytes_of("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
  CHECK(bytes_of("16777215T") == 18446742974197923840u);
}

TEST_CASE("units: a wrong size says where it is wrong") {
  const std::vector<std::pair<std::string, std::size_t>> wrong{{"", 0},
                                                               {"M", 0},
                                                               {"-1", 0},
                                                               {"+1", 0},
                                                               {" 1", 0},
                                                               {"1.5M", 1},
                                                               {"1x", 1},
                                                               {"10 M", 2},
                                                               {"10MB", 3},
                                                               {"1kk", 2},
                                                               {"18446744073709551616", 0},
                                                               {"16777216T", 0}};
  for (const auto& [wrong_text, position] : wrong) {
    const std::string& text = wrong_text;  // a binding cannot be captured by clang 14
    CAPTURE(text);
    const auto parsed = parse_bytes(text);
    REQUIRE(std::holds_alternative<ParseError>(parsed));
    CHECK(std::get<ParseError>(parsed).position == position);
    CHECK_FALSE(std::get<ParseError>(parsed).message.empty());
  }
}

TEST_CASE("units: a duration is a number with its unit") {
  CHECK(nanos_of("1ns") == Nanos{1});
  CHECK(nanos_of("250us") == Nanos{250'000});
  CHECK(nanos_of("300ms") == Nanos{300'000'000});
  CHECK(nanos_of("1s") == Nanos{1'000'000'000});
  CHECK(nanos_of("1.5s") == Nanos{1'500'000'000});
  CHECK(nanos_of("0.001ms") == Nanos{1'000});
  CHECK(nanos_of("2m") == Nanos{120'000'000'000});
  CHECK(nanos_of("0s") == Nanos{0});
  CHECK(nanos_of("0") == Nanos{0});
}

TEST_CASE("units: a duration without a unit, below zero or without end is refused") {
  for (const std::string text : {"", "1", "0.5", "-1s", "s", "1h", "1 s", "1sec", "1ss", "nans",
                                 "infs", "1e3s", "99999999999999999999s", "60000000000m"}) {
    CAPTURE(text);
    CHECK(std::holds_alternative<ParseError>(parse_duration(text)));
  }
}

TEST_CASE("units: the error of a duration points at the unit") {
  CHECK(std::get<ParseError>(parse_duration("15")).position == 2);
  CHECK(std::get<ParseError>(parse_duration("15h")).position == 2);
  CHECK(std::get<ParseError>(parse_duration("x")).position == 0);
}

TEST_CASE("units: printing takes the largest unit that divides evenly") {
  CHECK(format_bytes(Bytes{0}) == "0");
  CHECK(format_bytes(Bytes{1500}) == "1500");
  CHECK(format_bytes(Bytes{1024}) == "1k");
  CHECK(format_bytes(Bytes{1536}) == "1536");
  CHECK(format_bytes(Bytes{10485760}) == "10M");
  CHECK(format_bytes(Bytes{std::uint64_t{1} << 60}) == "1048576T");
  CHECK(format_duration(Nanos{0}) == "0s");
  CHECK(format_duration(Nanos{1}) == "1ns");
  CHECK(format_duration(Nanos{1'500'000'000}) == "1500ms");
  CHECK(format_duration(Nanos{60'000'000'000}) == "1m");
  CHECK(format_duration(Nanos{61'000'000'000}) == "61s");
}

TEST_CASE("units: what is printed parses back to the same value") {
  // Powers of two and their neighbours: every unit boundary is among them.
  for (int bit = 0; bit < 64; ++bit) {
    for (const int offset : {-1, 0, 1}) {
      const std::uint64_t value = (std::uint64_t{1} << bit) + static_cast<std::uint64_t>(offset);
      CHECK(bytes_of(format_bytes(Bytes{value})) == value);
    }
  }
  // Up to 2^52: the parser goes through a double, which is exact that far (52 days).
  for (int bit = 0; bit < 53; ++bit) {
    const Nanos value{std::int64_t{1} << bit};
    CHECK(nanos_of(format_duration(value)) == value);
  }
  for (const std::int64_t millis : {1, 10, 999, 1000, 1001, 60'000, 3'600'000}) {
    const Nanos value = std::chrono::milliseconds{millis};
    CHECK(nanos_of(format_duration(value)) == value);
  }
}

}  // namespace
}  // namespace urb
