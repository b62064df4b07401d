// A row is known by its run, its place in it and its cell.
#include "row/repeated_rows.hpp"

#include <doctest/doctest.h>

#include <vector>

TEST_SUITE_BEGIN("unit");

namespace {

urb::Row row_of(std::uint64_t order) {
  urb::Row row;
  row.run_id = "20261101T120000Z-00000001";
  row.mode = "direct";
  row.trial_order = order;
  return row;
}

}  // namespace

TEST_CASE("repeated rows: the same trial counts once, here and in a further file") {
  urb::SeenTrials seen;
  std::vector<urb::Row> rows{row_of(1), row_of(2), row_of(1)};
  CHECK(seen.drop_repeated(rows) == 1);
  CHECK(rows.size() == 2);
  std::vector<urb::Row> copy{row_of(2), row_of(3)};
  CHECK(seen.count(copy) == 1);
  CHECK(seen.drop_repeated(copy) == 1);
  REQUIRE(copy.size() == 1);
  CHECK(copy.front().trial_order == 3);
}

TEST_CASE("repeated rows: another cell, boot or run is another trial, and so is one of no run") {
  std::vector<urb::Row> rows(6, row_of(1));
  rows[1].mode = "socket";
  rows[2].repeat = 2;
  rows[3].kernel = "6.1";
  rows[4].run_id = "20261101T120000Z-00000002";
  rows[5].body_bytes = 1;
  std::vector<urb::Row> unknown(2);
  rows.insert(rows.end(), unknown.begin(), unknown.end());
  CHECK(urb::SeenTrials{}.drop_repeated(rows) == 0);
  CHECK(rows.size() == 8);
  // A spreadsheet writes times and figures its own way.
  std::vector<urb::Row> saved(2, row_of(1));
  saved[1].started_at = "01.11.2026 12:00";
  saved[1].requests_per_s = 12.0;
  CHECK(urb::SeenTrials{}.drop_repeated(saved) == 1);
}

TEST_SUITE_END();
