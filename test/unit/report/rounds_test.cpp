// Ratios and differences within rounds, of figures whose medians can be worked out by hand.
#include "report/rounds.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "report/collection.hpp"
#include "unit/report/made_up.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using urb::RoundComparison;
using urb::Row;
using urb::test::joined;
using urb::test::made_up_rates;
using urb::test::made_up_row;

// The first cell by the second.
RoundComparison compared(const std::vector<Row>& rows, const char* column,
                         RoundComparison::Kind kind) {
  const std::vector<urb::Section> sections = urb::collect(rows);
  REQUIRE(sections.size() == 1);
  REQUIRE(sections.front().settings.size() == 1);
  const std::vector<urb::Cell>& cells = sections.front().settings.front().cells;
  REQUIRE(cells.size() == 2);
  return urb::compare_rounds(cells[0], cells[1], *urb::find_metric_of_column(column), kind);
}

RoundComparison ratio(const std::vector<Row>& rows, const char* column = "requests_per_s") {
  return compared(rows, column, RoundComparison::Kind::ratio);
}

}  // namespace

TEST_CASE("rounds: the median of the rounds' ratios, with its interval") {
  // 1.1, 1.2, 1.3, 1.4, 1.5: of five, the interval is their whole range, and covers 1 - 2/32. Of
  // the 15 geometric means of every two, √(1.2 · 1.4) is the eighth.
  const auto rows = joined({made_up_rates("cluster", {150, 110, 140, 120, 130}),
                            made_up_rates("socket", {100, 100, 100, 100, 100})});
  const urb::MedianInterval interval = ratio(rows).interval;
  CHECK(interval.sample_count == 5);
  CHECK(interval.median == doctest::Approx(std::sqrt(1.2 * 1.4)));
  CHECK(interval.low == doctest::Approx(1.1));
  CHECK(interval.high == doctest::Approx(1.5));
  CHECK(interval.confidence == doctest::Approx(0.9375));
}

TEST_CASE("rounds: what slows both sides of a round cancels out") {
  // The medians are 100 and 60, but in each round the ratio is 2.
  const auto rows = joined({made_up_rates("cluster", {100, 20, 400, 40, 120}),
                            made_up_rates("socket", {50, 10, 200, 20, 60})});
  const urb::MedianInterval interval = ratio(rows).interval;
  CHECK(interval.low == doctest::Approx(2));
  CHECK(interval.high == doctest::Approx(2));
}

TEST_CASE("rounds: the order of rows is no matter, a missing partner leaves a round out") {
  auto rows =
      joined({made_up_rates("cluster", {100, 400, 900}), made_up_rates("socket", {10, 20})});
  std::reverse(rows.begin(), rows.end());
  const urb::MedianInterval interval = ratio(rows).interval;
  CHECK(interval.sample_count == 2);
  CHECK(interval.low == doctest::Approx(10));
  CHECK(interval.high == doctest::Approx(20));
}

TEST_CASE("rounds: trials of different runs share none") {
  auto rows = joined({made_up_rates("cluster", {1, 2}), made_up_rates("socket", {3, 4})});
  rows[2].run_id = rows[3].run_id = "another";
  CHECK(ratio(rows).interval.sample_count == 0);
}

TEST_CASE("rounds: a difference needs no divisor, a ratio does") {
  std::vector<Row> rows;
  for (const std::uint64_t repeat : {1, 2, 3}) {
    Row& master = rows.emplace_back(made_up_row("cluster", repeat));
    master.cpu_us_per_request_master = 10.0 + static_cast<double>(repeat);
    Row& none = rows.emplace_back(made_up_row("direct", repeat));
    none.cpu_us_per_request_master = 0;
  }
  constexpr const char* kMaster = "cpu_us_per_request_master";
  const urb::MedianInterval cost =
      compared(rows, kMaster, RoundComparison::Kind::difference).interval;
  CHECK(cost.median == doctest::Approx(12));
  CHECK(cost.low == doctest::Approx(11));
  CHECK(cost.high == doctest::Approx(13));
  CHECK(ratio(rows, kMaster).interval.sample_count == 0);
}

TEST_CASE("rounds: a rate that the client limited in most trials is held against nothing") {
  auto rows = joined({made_up_rates("cluster", {1, 2, 3}), made_up_rates("socket", {1, 2, 3})});
  for (Row& row : rows) {
    row.cpu_us_per_request_client = row.requests_per_s;
    row.bytes_per_s = row.requests_per_s;
  }
  rows[3].bottleneck = "client";
  CHECK(ratio(rows).interval.sample_count == 3);
  rows[4].warnings = "load_high;client_busy";
  CHECK(ratio(rows).interval.sample_count == 0);
  CHECK(ratio(rows, "bytes_per_s").interval.sample_count == 0);
  CHECK(ratio(rows, "cpu_us_per_request_client").interval.sample_count == 3);
}

TEST_CASE("rounds: a disturbed trial takes its round out") {
  auto rows = joined({made_up_rates("cluster", {1, 2, 3}), made_up_rates("socket", {1, 2, 3})});
  rows[4].disturbed = "foreign";
  CHECK(ratio(rows).interval.sample_count == 2);
}

TEST_CASE("rounds: server and total CPU are sums, unknown where a part is") {
  std::vector<Row> rows{made_up_row("cluster"), made_up_row("socket")};
  for (Row& row : rows) {
    row.cpu_us_per_request_master = 1;
    row.cpu_us_per_request_workers = 3;
    row.cpu_us_per_request_client = 4;
  }
  rows[1].cpu_us_per_request_workers = 1;
  CHECK(ratio(rows, "cpu_us_per_request_server").interval.median == doctest::Approx(2));
  CHECK(ratio(rows, "cpu_us_per_request_total").interval.median == doctest::Approx(8.0 / 6));
  rows[1].cpu_us_per_request_client.reset();
  CHECK(ratio(rows, "cpu_us_per_request_total").interval.sample_count == 0);
}

TEST_CASE("rounds: each pair of cells once, and only of one workload") {
  auto rows = joined(
      {made_up_rates("cluster", {1}), made_up_rates("socket", {2}), made_up_rates("direct", {3})});
  Row other_body = rows[0];
  other_body.body_bytes = 1;
  rows.push_back(other_body);
  const std::vector<urb::Section> sections = urb::collect(rows);
  const std::vector<urb::Cell>& cells = sections.front().settings.front().cells;
  REQUIRE(cells.size() == 4);
  const auto comparisons = urb::compare_all(cells, false);
  REQUIRE(comparisons.size() == 3);
  for (const RoundComparison& comparison : comparisons) {
    CHECK(comparison.of->id < comparison.to->id);
    CHECK(comparison.of->body == comparison.to->body);
  }
}

TEST_SUITE_END();
