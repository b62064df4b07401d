// Comparisons of made-up rows: golden text, what is refused and with which remedy, what is noise.
#include "compare/comparison.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "compare/json.hpp"
#include "compare/text.hpp"
#include "row/csv.hpp"
#include "row/row_reader.hpp"
#include "unit/compare/made_up_sides.hpp"

TEST_SUITE_BEGIN("unit");

using urb::compare_rows;
using urb::Comparison;
using urb::find_metric;
using urb::Metric;
using urb::Row;
using urb::Side;
using urb::Verdict;
using urb::test::cell_of;
using urb::test::compare;
using urb::test::contains;
using urb::test::refusal_of;
using urb::test::side_of;

TEST_CASE("compare: the text of two modes, one of which got slower") {
  const Comparison comparison =
      compare(side_of("base.csv", {cell_of("socket", 1000), cell_of("cluster", 2000)}),
              side_of("new.csv", {cell_of("cluster", 2001), cell_of("socket", 900)}));
  std::string text;
  for (const urb::Block& block :
       urb::make_comparison_report(comparison, urb::TableStyle::aligned)) {
    text += block.text;
  }
  // p of socket: 2/252 · 2 cells. Its interval, third of 25 ratios from either end: 0.9 · 1 / 1.015
  // and 0.9 · 1.015.
  const std::string expected =
      "base: base.csv, 10 rows of 1 run\n"
      "new: new.csv, 10 rows of 1 run\n"
      "req/s: requests per second (more is better)\n"
      "cell                        base req/s         new req/s  change     95% interval      p  "
      "repeats\n"
      "cluster 1MB no reuse  2020 (2000–2040)  2021 (2001–2041)       ~   -1.4% to +1.5%  0.690  "
      "    5+5\n"
      "socket 1MB no reuse   1010 (1000–1020)     909 (900–918)  -10.0%  -11.3% to -8.7%  0.016  "
      "    5+5  worse\n"
      "geometric mean                                             -5.1%\n"
      "The files were not measured by turns (cluster 1MB no reuse: 0 pairs of neighbours in 5 "
      "trials). So all trials of a side are one set: Mann–Whitney.\n"
      "change: ";
  CHECK(text.substr(0, expected.size()) == expected);
  CHECK(contains(text, "regression: socket 1MB no reuse req/s -10.0%, more than 5%\n"));
  CHECK(comparison.found_regression());
}

TEST_CASE("compare: in Markdown every table has its rule") {
  const Side side = side_of("a.csv", {cell_of("socket", 1000)});
  const urb::Report report =
      urb::make_comparison_report(compare(side, side), urb::TableStyle::markdown);
  const auto table = std::find_if(report.begin(), report.end(), [](const urb::Block& block) {
    return block.kind == urb::Block::Kind::table;
  });
  REQUIRE(table != report.end());
  CHECK(contains(table->text, "| cell                |       base req/s |"));
  CHECK(contains(table->text, "| ------------------- | ---------------: |"));
}

TEST_CASE("compare: a file against itself is noise") {
  const Side side = side_of("a.csv", {cell_of("socket", 1000), cell_of("cluster", 2000)});
  for (const Metric& metric : urb::all_metrics()) {
    if (metric.figure_of(side.rows.front()) == std::nullopt) continue;
    CAPTURE(metric.name);
    const Comparison comparison = compare(side, side, std::string{metric.name});
    for (const urb::Change& change : comparison.metrics.front().changes) {
      CHECK(change.verdict == Verdict::noise);
      CHECK(change.p == doctest::Approx(1));
      CHECK(change.interval.ratio == doctest::Approx(1));
    }
    CHECK_FALSE(comparison.found_regression());
  }
}

TEST_CASE("compare: CPU time by the client's, where the client has any") {
  Row row = cell_of("socket", 1000).front();
  row.cpu_us_per_request_master = 1;
  row.cpu_us_per_request_workers = 3;
  row.cpu_us_per_request_client = 2;
  CHECK(find_metric("cpu/client-cpu")->figure_of(row) == 2);
  CHECK(find_metric("worker-cpu/client-cpu")->figure_of(row) == 1.5);
  row.cpu_us_per_request_client = 0;
  CHECK_FALSE(find_metric("cpu/client-cpu")->figure_of(row).has_value());
  row.cpu_us_per_request_client.reset();
  CHECK_FALSE(find_metric("worker-cpu/client-cpu")->figure_of(row).has_value());
}

TEST_CASE("compare: more requests are better, more CPU is worse, and the threshold decides") {
  const Side slow = side_of("slow.csv", {cell_of("socket", 1000)});
  const Side fast = side_of("fast.csv", {cell_of("socket", 1100)});
  const auto verdict = [&](const Side& base, const Side& next, const std::string& metric) {
    return compare(base, next, metric).metrics.front().changes.front().verdict;
  };
  CHECK(verdict(slow, fast, "req/s") == Verdict::better);
  CHECK(verdict(fast, slow, "req/s") == Verdict::worse);
  CHECK(verdict(slow, fast, "cpu/req") == Verdict::better);
  CHECK(verdict(fast, slow, "cpu/req") == Verdict::worse);
  CHECK(verdict(fast, slow, "p99") == Verdict::noise);
  CHECK(compare(fast, slow, "req/s", 9).found_regression());
  CHECK_FALSE(compare(fast, slow, "req/s", 9.2).found_regression());  // 1000 / 1100: 9.1 %
  CHECK_FALSE(compare(slow, fast, "req/s", 0).found_regression());
}

TEST_CASE("compare: what cannot be compared is refused, with the reason and the remedy") {
  const Side good = side_of("good.csv", {cell_of("socket", 1000)});

  CHECK(refusal_of(good, side_of("few.csv", {cell_of("socket", 1000, 4)})) ==
        "few.csv: socket 1MB no reuse has 4 repeats with figures, and fewer than 5 say nothing "
        "about noise (measure with --repeats 5 or more)");

  Side failed = good;
  failed.name = "failed.csv";
  failed.rows.front().status = urb::Status::failed;
  CHECK(contains(refusal_of(failed, good), "failed.csv: socket 1MB no reuse has 4 repeats"));

  Side some_method = good;
  for (Row& row : some_method.rows) row.method = 6;
  Side other_method = good;
  other_method.name = "old.csv";
  for (Row& row : other_method.rows) row.method = 7;
  CHECK(contains(refusal_of(other_method, some_method),
                 "old.csv was measured by method 7, good.csv by method 6"));
  Side mixed = other_method;
  mixed.rows.front().method = 6;
  CHECK(contains(refusal_of(mixed, mixed), "old.csv was measured by method 6, 7"));
  Side other_schema = good;
  other_schema.rows.front().schema = urb::kSchema + 1;
  CHECK(contains(refusal_of(good, other_schema),
                 "good.csv has rows of schema " + std::to_string(urb::kSchema)));
  CHECK(contains(refusal_of(good, other_schema), "(measure both with this version)"));

  Side other_load = good;
  other_load.name = "open.csv";
  for (Row& row : other_load.rows) {
    row.loop = "open";
    row.rate_requested = 500.0;
  }
  CHECK(refusal_of(good, other_load) ==
        "good.csv and open.csv have no cell in common, they differ in loop (closed and open), "
        "rate_requested (none and 500) (measure the same workload)");
  CHECK(contains(refusal_of(good, Side{"empty.csv", {}}), "empty.csv: no row has figures"));
  CHECK(contains(refusal_of(good, good, "instructions/req"), "no cell has instructions/req"));
}

TEST_CASE("compare: each column that makes a cell keeps its rows apart") {
  const std::vector<std::function<void(Row&)>> changes{
      [](Row& row) { row.relay = "sync"; },     [](Row& row) { row.buffers = "plain"; },
      [](Row& row) { row.policy = "least"; },   [](Row& row) { row.workers = 2; },
      [](Row& row) { row.connections = 64; },   [](Row& row) { row.body_bytes = 7; },
      [](Row& row) { row.response_bytes = 9; }, [](Row& row) { row.reuse = true; },
      [](Row& row) { row.loop = "open"; },      [](Row& row) { row.rate_requested = 5.0; },
      [](Row& row) { row.client = "ab"; },      [](Row& row) { row.pinning = "0 1 1"; },
      [](Row& row) { row.mode = "something"; }};
  for (std::size_t index = 0; index < changes.size(); ++index) {
    CAPTURE(index);
    Side next = side_of("new.csv", {cell_of("socket", 1000), cell_of("socket", 500)});
    for (std::size_t row = 5; row < 10; ++row) changes[index](next.rows[row]);
    const Comparison comparison = compare(side_of("base.csv", {cell_of("socket", 1000)}), next);
    CHECK(comparison.metrics.front().changes.size() == 1);
    CHECK(comparison.metrics.front().changes.front().verdict == Verdict::noise);
    REQUIRE(comparison.next_only.size() == 1);
    CHECK(comparison.next_only.front() != comparison.metrics.front().changes.front().cell);
  }
}

TEST_CASE("compare: rows of several runs are repeats; another kernel is a note, no refusal") {
  const Side base = side_of("base.csv", {cell_of("socket", 1000, 3), cell_of("socket", 1001, 3)});
  Side next = base;
  for (std::size_t row = 0; row < 3; ++row) next.rows[row].run_id = "run-2";
  for (Row& row : next.rows) row.kernel = "6.18";
  const Comparison comparison = compare(base, next);
  CHECK(comparison.metrics.front().changes.front().base.size() == 6);
  CHECK(comparison.next.runs == std::vector<std::string>{"run-2", "run-1"});
  CHECK(comparison.notes == std::vector<std::string>{"kernel differs: 6.1 → 6.18"});
}

TEST_CASE("compare: when the cells are too many for the repeats, that is said") {
  std::vector<std::vector<Row>> cells;
  for (const char* const mode : {"a", "b", "c", "d", "e", "f", "g"}) {
    cells.push_back(cell_of(mode, 1000));
  }
  const Comparison seven = compare(side_of("base.csv", cells), side_of("new.csv", cells));
  // 7 · 2/252 = 0.056; with six repeats each, 7 · 2/924 = 0.015.
  CHECK(seven.repeats_needed == 6);
  cells.pop_back();
  const Comparison six = compare(side_of("base.csv", cells), side_of("new.csv", cells));
  CHECK(six.repeats_needed == 0);
}

TEST_CASE("compare: p is corrected for all metrics together, not for each alone") {
  const Side base = side_of("base.csv", {cell_of("socket", 1000)});
  const Side next = side_of("new.csv", {cell_of("socket", 900)});
  std::vector<const Metric*> metrics{find_metric("req/s")};
  CHECK(compare_rows(base, next, metrics, {5, false}).metrics.front().changes.front().p_corrected ==
        doctest::Approx(2.0 / 252));
  metrics.push_back(find_metric("cpu/req"));
  metrics.push_back(find_metric("p99"));
  const Comparison three = compare_rows(base, next, metrics, {5, false});
  CHECK(three.family_size == 3);
  CHECK(three.metrics.front().changes.front().p_corrected == doctest::Approx(3 * 2.0 / 252));
}

TEST_CASE("compare: its JSON says what the text says, in fractions") {
  Side next = side_of("new\xff.csv", {cell_of("socket", 900)});
  const nlohmann::json json = nlohmann::json::parse(
      urb::format_comparison_json(compare(side_of("base.csv", {cell_of("socket", 1000)}), next)));
  CHECK(json["regression"] == true);
  const nlohmann::json& cell = json["metrics"][0]["cells"][0];
  CHECK(cell["cell"] == "socket 1MB no reuse");
  CHECK(cell["ratio"].get<double>() == doctest::Approx(0.9));
  CHECK(cell["verdict"] == "worse");
  CHECK(cell["base"]["repeats"].size() == 5);
}

TEST_CASE("comparison: rows that are in both files are named") {
  std::vector<Row> rows = cell_of("socket", 1000);
  for (Row& row : rows) row.trial_order = row.repeat;
  const Comparison same = compare(side_of("a.csv", {rows}), side_of("b.csv", {rows}));
  REQUIRE_FALSE(same.notes.empty());
  CHECK(same.notes.back() == "5 rows of b.csv are the same as in a.csv");
  std::vector<Row> others = rows;
  for (Row& row : others) row.run_id = "run-2";
  CHECK(compare(side_of("a.csv", {rows}), side_of("b.csv", {others})).notes.empty());
}

TEST_CASE("row reader: what the writer wrote comes back, a torn last line does not") {
  std::string text = urb::format_csv_record(urb::column_names());
  for (const Row& row : cell_of("socket", 1000)) {
    text += urb::format_csv_record(urb::format_row(row));
  }
  const std::vector<Row> rows = urb::parse_rows(text, "a.csv");
  REQUIRE(rows.size() == 5);
  CHECK(*rows.at(1).requests_per_s == 1005);
  for (std::size_t cut = 2; cut < 60; ++cut) {
    CHECK(urb::parse_rows(text.substr(0, text.size() - cut), "a.csv").size() == 4);
  }
  CHECK_THROWS_AS((void)urb::parse_rows("", "a.csv"), urb::UsageError);
  CHECK_THROWS_AS((void)urb::parse_rows("a,b\n1,2\n", "a.csv"), urb::UsageError);
  CHECK_THROWS_WITH_AS((void)urb::parse_rows(text + "1,1,x\n", "a.csv"),
                       doctest::Contains("a.csv:7: "), urb::UsageError);
  CHECK_THROWS_WITH_AS((void)urb::parse_rows(text + "1,x\"y\n", "a.csv"),
                       doctest::Contains("a.csv:7: "), urb::UsageError);
}

TEST_SUITE_END();
