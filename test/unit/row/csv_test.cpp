// RFC 4180, rule by rule.
#include "row/csv.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

TEST_SUITE_BEGIN("unit");

namespace {

using Records = std::vector<std::vector<std::string>>;

Records parse(std::string_view text) {
  auto parsed = urb::parse_csv(text);
  REQUIRE(std::holds_alternative<Records>(parsed));
  return std::get<Records>(std::move(parsed));
}

std::size_t error_position(std::string_view text) {
  const auto parsed = urb::parse_csv(text);
  REQUIRE(std::holds_alternative<urb::ParseError>(parsed));
  return std::get<urb::ParseError>(parsed).position;
}

}  // namespace

TEST_CASE("csv: fields are quoted only where they must be") {
  CHECK(urb::format_csv_record(std::vector<std::string>{"a b", "", "c"}) == "a b,,c\n");
  CHECK(urb::format_csv_record(std::vector<std::string>{"a,b", "say \"x\"", "two\nlines"}) ==
        "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\"\n");
}

TEST_CASE("csv: every text survives the way there and back") {
  const Records records{{"", "a,b", "\"", "\"\"", "x\r\ny", " spaced "}, {"", "", "", "", "", ""}};
  std::string text;
  for (const auto& record : records) text += urb::format_csv_record(record);
  CHECK(parse(text) == records);
}

TEST_CASE("csv: lines end in LF, CRLF or the text") {
  const Records expected{{"a", "b"}, {"c", ""}};
  CHECK(parse("a,b\nc,\n") == expected);
  CHECK(parse("a,b\r\nc,\r\n") == expected);
  CHECK(parse("a,b\nc,") == expected);
  CHECK(parse("").empty());
}

TEST_CASE("csv: a quote in the wrong place is an error there") {
  CHECK(error_position("a,b\"c\n") == 3);
  CHECK(error_position("\"a\"b\n") == 3);
  CHECK(error_position("a,\"open\n") == 8);
}

TEST_SUITE_END();
