// What `compare` takes of two files: pairs of neighbours in time, no rate of the client's, no
// disturbed trial.
#include "compare/pairing.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "compare/text.hpp"
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
using urb::test::row_of;
using urb::test::side_of;

namespace {

// Trials at these seconds, with these rates, each in a run of its own.
Side timed_side(const std::string& name, const std::vector<std::pair<int, double>>& trials) {
  Side side{name, {}};
  for (const auto& [second, rate] : trials) {
    Row& row = side.rows.emplace_back(row_of("socket", rate));
    row.started_at = "2026-11-27T10:00:" + std::to_string(10 + second) + ".000Z";
    row.run_id = name + std::to_string(second);
  }
  return side;
}

// By turns, ABBA, on a machine whose speed goes from 1 to 2.5 and back: new is 2 % slower.
std::pair<Side, Side> sides_by_turns() {
  std::vector<std::pair<int, double>> base;
  std::vector<std::pair<int, double>> next;
  for (int pair = 0; pair < 10; ++pair) {
    const double rate = 1000 * (1 + 0.3 * (pair < 5 ? pair : 10 - pair)) + pair;
    base.emplace_back(2 * pair + pair % 2, rate);
    next.emplace_back(2 * pair + 1 - pair % 2, rate * (0.98 + 0.0001 * pair));
  }
  return {timed_side("a.csv", base), timed_side("b.csv", next)};
}

}  // namespace

TEST_CASE("compare: files that were measured by turns are compared pair by pair") {
  const auto [base, next] = sides_by_turns();
  const Comparison paired = compare(base, next);
  CHECK(paired.is_paired);
  CHECK(contains(paired.test_reason, "measured by turns. So neighbours in time are pairs, 10"));
  const urb::Change& change = paired.metrics.front().changes.front();
  CHECK(change.pair_count == 10);
  CHECK(change.p == doctest::Approx(2.0 / 1024));
  CHECK(change.verdict == Verdict::worse);
  CHECK(change.interval.low > 0.979);
  CHECK(change.interval.high < 0.982);
  // The same figures, one file after the other: the drift hides the change.
  Side later = next;
  for (Row& row : later.rows) row.started_at[11] = '2';
  const Comparison apart = compare(base, later);
  CHECK_FALSE(apart.is_paired);
  CHECK(contains(apart.test_reason, "not measured by turns (socket 1MB no reuse: 1 pair of"));
  CHECK(apart.metrics.front().changes.front().verdict == Verdict::noise);
}

TEST_CASE("compare: blocks of five by turns are no pairs, a missing trial is no matter") {
  std::vector<std::pair<int, double>> base;
  std::vector<std::pair<int, double>> next;
  for (int trial = 0; trial < 10; ++trial) {
    base.emplace_back(trial < 5 ? trial : trial + 5, 1000 + trial);
    next.emplace_back(trial < 5 ? trial + 5 : trial + 10, 1000 + trial);
  }
  CHECK_FALSE(compare(timed_side("a", base), timed_side("b", next)).is_paired);
  auto [left, right] = sides_by_turns();
  right.rows.erase(right.rows.begin() + 4);
  const Comparison comparison = compare(left, right);
  CHECK(comparison.is_paired);
  CHECK(comparison.metrics.front().changes.front().pair_count == 9);
}

TEST_CASE("compare: a rate that the client limited has no ratio and no verdict") {
  Side base = side_of("base.csv", {cell_of("socket", 1000), cell_of("cluster", 2000)});
  const Side next = side_of("new.csv", {cell_of("socket", 500), cell_of("cluster", 1000)});
  for (std::size_t row = 0; row < 2; ++row) base.rows[row].bottleneck = "client";
  CHECK(compare(base, next).metrics.front().changes.size() == 2);  // not in most
  base.rows[2].warnings = "client_busy";
  const Comparison comparison = compare(base, next);
  REQUIRE(comparison.metrics.front().changes.size() == 1);
  CHECK(comparison.metrics.front().changes.front().cell == "cluster 1MB no reuse");
  CHECK(comparison.family_size == 1);
  std::string text;
  for (const urb::Block& block :
       urb::make_comparison_report(comparison, urb::TableStyle::aligned)) {
    text += block.text;
  }
  CHECK(contains(text, "≥ 1010"));
  CHECK(contains(text, "≥: the client was the limit"));
  CHECK(compare(base, next, "cpu/req").metrics.front().changes.size() == 2);
}

TEST_CASE("compare: disturbed trials are left out, counted, and taken in when asked") {
  Side base = side_of("base.csv", {cell_of("socket", 1000, 7)});
  const Side next = side_of("new.csv", {cell_of("socket", 1000, 7)});
  base.rows[0].disturbed = base.rows[1].disturbed = "foreign";
  const Comparison comparison = compare(base, next);
  CHECK(comparison.base.disturbed == 2);
  CHECK(comparison.metrics.front().changes.front().base.size() == 5);
  const std::vector<const Metric*> metrics{find_metric("req/s")};
  CHECK(compare_rows(base, next, metrics, {5, true}).metrics.front().changes.front().base.size() ==
        7);
  base.rows[2].disturbed = "steal";
  CHECK(refusal_of(base, next) ==
        "base.csv: socket 1MB no reuse has 4 repeats with figures, beside 3 disturbed, and fewer "
        "than 5 say nothing about noise (measure with --repeats 5 or more on a quiet machine, or "
        "--accept-disturbed)");
}

TEST_CASE("compare: a disturbed trial takes its neighbour out of the pairs, and no other") {
  auto [base, next] = sides_by_turns();
  base.rows[3].disturbed = "foreign";
  const Comparison comparison = compare(base, next);
  CHECK(comparison.is_paired);
  CHECK(comparison.metrics.front().changes.front().pair_count == 9);
  CHECK(comparison.metrics.front().changes.front().verdict == Verdict::worse);
}

TEST_SUITE_END();
