// Rows that survive the way to text and back.
#include "row/row.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <variant>

TEST_SUITE_BEGIN("unit");

using urb::Row;

TEST_CASE("row: what is written is what is read") {
  Row row;
  row.run_id = "20251123T130559Z-0badcafe";
  row.cpu_model = "A, \"B\"";
  row.mode = "passthru";
  row.body_bytes = 10 * 1024 * 1024;
  row.reuse = true;
  row.requests = 374;
  row.requests_per_s = 373.812;
  row.bytes_per_s = 3919745711.0;
  row.worker_imbalance = 1.25;
  row.warnings = "load_high;few_repeats";
  const auto fields = urb::format_row(row);
  const auto parsed = urb::parse_row(fields);
  REQUIRE(std::holds_alternative<Row>(parsed));
  CHECK(urb::format_row(std::get<Row>(parsed)) == fields);
  CHECK(std::get<Row>(parsed).reuse);
  CHECK(*std::get<Row>(parsed).requests_per_s == 373.812);
}

TEST_CASE("row: an unknown value is an empty field, and zero is not") {
  Row row;
  row.errors = 0;
  const auto& names = urb::column_names();
  const auto fields = urb::format_row(row);
  const auto field = [&](std::string_view name) {
    return fields.at(
        static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin()));
  };
  CHECK(field("errors") == "0");
  CHECK(field("requests").empty());
  CHECK(field("reuse") == "no");
  CHECK(field("status") == "ok");
}

TEST_CASE("row: an error names the column") {
  auto fields = urb::format_row(Row{});
  fields[1] = "one";
  const auto wrong = urb::parse_row(fields);
  REQUIRE(std::holds_alternative<urb::ParseError>(wrong));
  CHECK(std::get<urb::ParseError>(wrong).position == 1);
  CHECK(std::get<urb::ParseError>(wrong).message == "method: 'one' is not a number");
  fields.pop_back();
  CHECK(std::holds_alternative<urb::ParseError>(urb::parse_row(fields)));
}

TEST_CASE("row: what is no number is unknown when it is written") {
  Row row;
  row.requests_per_s = std::numeric_limits<double>::infinity();
  row.bytes_per_s = std::numeric_limits<double>::quiet_NaN();
  const auto read = urb::parse_row(urb::format_row(row));
  REQUIRE(std::holds_alternative<Row>(read));
  CHECK_FALSE(std::get<Row>(read).requests_per_s);
  CHECK_FALSE(std::get<Row>(read).bytes_per_s);
}

TEST_CASE("row: figures keep six digits and all of their whole part") {
  CHECK(urb::format_figure(0) == "0");
  CHECK(urb::format_figure(0.000123456789) == "0.000123457");
  CHECK(urb::format_figure(373.81249) == "373.812");
  CHECK(urb::format_figure(3919745711.4) == "3919745711");
}

TEST_SUITE_END();
