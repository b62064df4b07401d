// What a cell takes in of trials that have figures and of those that have not.
#include "report/cell.hpp"

#include <doctest/doctest.h>

TEST_SUITE_BEGIN("unit");

using urb::Cell;
using urb::Row;

TEST_CASE("cell: only trials with figures count, the first failure is remembered") {
  Cell cell;
  urb::Histogram latency;
  latency.record(std::chrono::microseconds{5});
  Row good;
  good.requests_per_s = 10;
  Row bad;
  bad.status = urb::Status::failed;
  bad.warnings = "first";
  cell.add(good, latency);
  cell.add(bad, latency);
  bad.warnings = "second";
  cell.add(bad, latency);
  CHECK(cell.rows.size() == 1);
  CHECK(cell.latency->count() == 1);
  CHECK(cell.failed_count == 2);
  CHECK(cell.failed_reason == "first");
  CHECK(cell.warnings.count(urb::Warning::trials_failed) == 1);
}

TEST_CASE("cell: a disturbed trial is counted apart, unless it is accepted") {
  urb::Histogram latency;
  latency.record(std::chrono::microseconds{5});
  Row row;
  row.requests_per_s = 10;
  row.disturbed = "foreign;steal";
  Cell strict;
  strict.add(row, latency);
  CHECK(strict.rows.empty());
  CHECK_FALSE(strict.latency);
  CHECK(strict.disturbed_count == 1);
  CHECK(strict.failed_count == 0);
  Cell open;
  open.accepts_disturbed = true;
  open.add(row, latency);
  CHECK(open.rows.size() == 1);
  CHECK(open.latency->count() == 1);
  CHECK(open.disturbed_count == 0);
  // A failure is a failure, whatever else ran.
  row.status = urb::Status::failed;
  open.add(row, latency);
  CHECK(open.failed_count == 1);
}

TEST_CASE("cell: a column that no trial knows has no median") {
  Cell cell;
  Row row;
  row.requests_per_s = 3;
  cell.add(row);
  CHECK(*cell.median(&Row::requests_per_s) == 3);
  CHECK_FALSE(cell.median(&Row::cpu_us_per_request_iowq).has_value());
}

TEST_CASE("cell: the bottleneck is that of most trials, also where most know none") {
  Cell cell;
  CHECK(cell.bottleneck().empty());
  for (const char* name : {"client", "", "", "client", ""}) {
    Row row;
    row.bottleneck = name;
    cell.add(row, {});
  }
  CHECK(cell.bottleneck().empty());
  for (int i = 0; i < 2; ++i) {
    Row row;
    row.bottleneck = "client";
    cell.add(row, {});
  }
  CHECK(cell.bottleneck() == "client");
}

TEST_CASE("cell: warnings are named once, in a fixed order") {
  CHECK(urb::format_warnings({urb::Warning::few_repeats, urb::Warning::debug_build}) ==
        "debug_build;few_repeats");
  CHECK(urb::format_warnings({}).empty());
}

TEST_SUITE_END();
