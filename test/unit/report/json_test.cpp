// The JSON of a file that has all kinds of rows, and the columns of its rows.
#include "report/json.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "report/json_rows.hpp"
#include "row/row_reader.hpp"
#include "unit/report/made_up.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using Json = nlohmann::ordered_json;
using urb::Row;
using urb::test::joined;
using urb::test::made_up_rates;

Json json_of(std::vector<Row> rows) {
  const urb::Analysis analysis{{{"rows.csv", std::move(rows)}}};
  return Json::parse(urb::format_analysis_json(analysis, "1.0"));
}

}  // namespace

TEST_CASE("report json: a cell's median and interval, none of a single trial") {
  const Json json =
      json_of(joined({made_up_rates("cluster", {5, 1, 3, 2, 4, 6}), made_up_rates("socket", {7})}));
  const Json& six = json["cells"][0]["metrics"]["requests_per_s"];
  // All six but their ends would cover 0.78 only, so the whole range: 1 - 2/64.
  CHECK(six ==
        Json{{"n", 6}, {"median", 3.5}, {"low", 1.0}, {"high", 6.0}, {"confidence", 0.96875}});
  const Json& one = json["cells"][1]["metrics"]["requests_per_s"];
  CHECK(
      one ==
      Json{
          {"n", 1}, {"median", 7.0}, {"low", nullptr}, {"high", nullptr}, {"confidence", nullptr}});
}

TEST_CASE("report json: six digits are enough") {
  const Json json = json_of(made_up_rates("cluster", {1.0 / 3, 2e9 / 3}));
  CHECK(json["cells"][0]["metrics"]["requests_per_s"]["low"].dump() == "0.333333");
  CHECK(json["cells"][0]["metrics"]["requests_per_s"]["high"].dump() == "666667000.0");
}

TEST_CASE("report json: everything that is named is there, once") {
  const Json json = json_of(urb::read_rows(URB_TEST_DATA "/report/rows.csv"));
  std::set<std::string> ids;
  for (const char* const list : {"sections", "settings", "cells"}) {
    for (const Json& entry : json[list]) CHECK(ids.insert(entry["id"]).second);
  }
  std::set<std::size_t> rows;
  for (const Json& cell : json["cells"]) {
    CHECK(ids.contains(cell["section"]));
    CHECK(ids.contains(cell["setting"]));
    for (const Json& row : cell["rows"]) rows.insert(row.get<std::size_t>());
    CHECK(cell["rows"].size() ==
          cell["trials"].get<std::size_t>() + cell["trials_without_figures"].get<std::size_t>());
  }
  // All but the kernel that did not start.
  CHECK(rows.size() == json["rows"]["count"].get<std::size_t>() - 1);
  std::set<std::string> metrics;
  for (const Json& metric : json["metrics"]) CHECK(metrics.insert(metric["name"]).second);
  CHECK(json["comparisons"].size() > 100);
  for (const Json& comparison : json["comparisons"]) {
    CHECK(ids.contains(comparison["of"]));
    CHECK(ids.contains(comparison["to"]));
    CHECK(metrics.contains(comparison["metric"]));
  }
  for (const Json& ranking : json["rankings"]) CHECK(ids.contains(ranking["best"]));
}

TEST_CASE("report json: no times where instructions were counted") {
  auto rows = made_up_rates("cluster", {1, 2});
  for (Row& row : rows) {
    row.accelerator = "tcg";
    row.instructions_per_request = 1000;
    row.latency_us_p99 = 5;
  }
  const Json json = json_of(rows);
  REQUIRE(json["sections"].size() == 2);
  CHECK(json["sections"][1]["counts"] == true);
  CHECK(json["cells"][1]["metrics"].size() == 1);
  CHECK(json["cells"][1]["metrics"].contains("instructions_per_request"));
}

TEST_CASE("report json: rows are columns, texts are dictionaries, what no row knows is left out") {
  auto rows = made_up_rates("socket", {1.5, 2.5, 3.5});
  rows[1].requests_per_s.reset();
  rows[1].mode = "cluster";
  rows[1].relay = "copy";
  const Json columns = urb::rows_json(rows)["columns"];
  CHECK(columns["mode"].dump() == R"({"dictionary":["socket","cluster"],"index":[0,1,0]})");
  CHECK(columns["relay"].dump() == R"({"dictionary":["copy",null],"index":[1,0,1]})");
  CHECK(columns["requests_per_s"].dump() == "[1.5,null,3.5]");
  CHECK(columns["reuse"].dump() == "[true,true,true]");
  CHECK_FALSE(columns.contains("latency_us_p50"));
}

TEST_SUITE_END();
