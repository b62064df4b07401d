// When a run knows enough: of intervals that can be worked out by hand.
#include "experiment/precision.hpp"

#include <doctest/doctest.h>

#include "unit/report/made_up.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using urb::Cell;
using urb::GroupPrecision;
using urb::Row;
using State = urb::GroupPrecision::State;

Cell cell_of(const std::vector<Row>& rows) {
  Cell cell;
  cell.mode = rows.front().mode;
  cell.body = urb::Bytes{rows.front().body_bytes};
  cell.reuse = rows.front().reuse;
  for (const Row& row : rows) cell.add(row);
  return cell;
}

Cell rates(const std::string& mode, std::initializer_list<double> requests_per_s) {
  return cell_of(urb::test::made_up_rates(mode, requests_per_s));
}

GroupPrecision judged(const std::vector<Cell>& cells, double precision = 0.05) {
  const std::vector<GroupPrecision> groups = urb::judge_precision(cells, precision);
  REQUIRE(groups.size() == 1);
  return groups.front();
}

}  // namespace

TEST_CASE("precision: a cell alone is judged by its median") {
  // Of five the interval is the whole range: 98 to 104 about 100.
  const std::vector<Cell> cells{rates("socket", {100, 98, 104, 101, 99})};
  const GroupPrecision group = judged(cells);
  CHECK(group.state == State::reached);
  CHECK(group.rounds == 5);
  CHECK(*group.deviation == doctest::Approx(0.04));
  CHECK(group.widest == "socket, req/s");
  CHECK(group.cells == std::vector<std::size_t>{0});
  CHECK(judged(cells, 0.03).state == State::open);
}

TEST_CASE("precision: what slows a whole round does not count") {
  const std::vector<Cell> cells{rates("socket", {50, 100, 200, 400, 300}),
                                rates("direct", {100, 200, 400, 800, 600})};
  CHECK(judged(cells).state == State::reached);
  CHECK(*judged(cells).deviation == doctest::Approx(0));
  // Alone it would.
  CHECK(judged({cells[0]}).state == State::open);
}

TEST_CASE("precision: the reference is the mode that does not distribute, else the first") {
  const Cell steady = rates("socket", {100, 100, 100, 100, 100});
  const Cell wild = rates("cluster", {100, 150, 100, 50, 100});
  CHECK(judged({steady, wild}).widest == "cluster, req/s");
  const Cell direct = rates("direct", {100, 150, 100, 50, 100});
  CHECK(judged({steady, direct}).widest == "socket, req/s");
  // A reference without figures is none.
  Row failed = urb::test::made_up_row("direct");
  failed.status = urb::Status::failed;
  const GroupPrecision group = judged({cell_of({failed}), steady});
  CHECK(group.state == State::reached);
  CHECK(group.cells == std::vector<std::size_t>{1});
}

TEST_CASE("precision: below five rounds there is no interval") {
  const GroupPrecision one = judged({rates("socket", {100})});
  CHECK(one.state == State::open);
  CHECK(one.rounds == 1);
  CHECK_FALSE(one.deviation.has_value());
  CHECK(judged({rates("socket", {100, 100, 100, 100})}).state == State::open);
}

TEST_CASE("precision: the client's limit says nothing of the rate, CPU time still counts") {
  std::vector<Row> rows = urb::test::made_up_rates("socket", {10, 100, 30, 400, 50});
  for (Row& row : rows) row.bottleneck = "client";
  CHECK(judged({cell_of(rows)}).state == State::unjudged);
  for (Row& row : rows) {
    row.cpu_us_per_request_client = 5;
    row.cpu_us_per_request_master = 5;
    row.cpu_us_per_request_workers = 10;
  }
  CHECK(judged({cell_of(rows)}).state == State::reached);
  rows[0].cpu_us_per_request_client = 10;
  const GroupPrecision group = judged({cell_of(rows)});
  CHECK(group.state == State::open);
  CHECK(group.widest == "socket, total-cpu/req");
  CHECK(*group.deviation == doctest::Approx(0.25));
}

TEST_CASE("precision: in the open loop the rate is what was asked for") {
  std::vector<Row> rows = urb::test::made_up_rates("socket", {10, 100, 30, 400, 50});
  for (Row& row : rows) row.rate_requested = 100;
  CHECK(judged({cell_of(rows)}).state == State::unjudged);
}

TEST_CASE("precision: a cell whose trials were all disturbed goes on") {
  Row row = urb::test::made_up_row("cluster");
  row.disturbed = "steal";
  const GroupPrecision group = judged({rates("socket", {100, 100, 100, 100, 100}), cell_of({row})});
  CHECK(group.state == State::open);
  CHECK(group.cells == std::vector<std::size_t>{0, 1});
}

TEST_CASE("precision: bodies and reuses are groups, operations stand for themselves") {
  Cell small = rates("socket", {100, 100, 100, 100, 100});
  Cell large = rates("socket", {100, 10, 100, 100, 100});
  large.body = urb::Bytes{1 << 20};
  const auto groups = urb::judge_precision({small, large}, 0.05);
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].name == "1kB reuse");
  CHECK(groups[0].state == State::reached);
  CHECK(groups[1].name == "1MB reuse");
  CHECK(groups[1].state == State::open);
  small.mode = "micro-nop";
  large = small;
  large.mode = "micro-fd-pass-1";
  CHECK(urb::judge_precision({small, large}, 0.05).size() == 2);
}

TEST_SUITE_END();
