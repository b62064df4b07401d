// What differs between two files besides their figures, and what of it makes other cells.
#include "compare/sides.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "unit/compare/made_up_sides.hpp"

TEST_SUITE_BEGIN("unit");

using urb::Comparison;
using urb::Row;
using urb::Side;
using urb::test::cell_of;
using urb::test::compare;
using urb::test::contains;
using urb::test::refusal_of;
using urb::test::side_of;

TEST_CASE("compare: another compiler, other options of the kernel are said") {
  Side base = side_of("base.csv", {cell_of("socket", 1000)});
  for (Row& row : base.rows) {
    row.kernel_compiler = "gcc-14 (Debian 14.2.0-19) 14.2.0";
    row.kernel_config = "0123;UBSAN=y";
    row.preemption = "lazy";
    row.irq_accounting = "no";
  }
  Side next = base;
  // Another version has another digest, which says nothing.
  for (Row& row : next.rows) row.kernel_config = "4567;UBSAN=y";
  CHECK(compare(base, next).notes.empty());
  for (Row& row : next.rows) {
    row.kernel_compiler = "gcc-16 (Debian 16.2.0-4) 16.2.0";
    row.kernel_config = "4567";
  }
  CHECK(compare(base, next).notes ==
        std::vector<std::string>{"kernel_compiler differs: gcc-14 (Debian 14.2.0-19) 14.2.0 → "
                                 "gcc-16 (Debian 16.2.0-4) 16.2.0",
                                 "kernel_config differs: preemption lazy, UBSAN=y → preemption "
                                 "lazy"});
  // Two compilers in one file are one line of the table, and said.
  base.rows.insert(base.rows.end(), next.rows.begin(), next.rows.end());
  CHECK(compare(base, base).notes.front().starts_with("kernel_compiler is mixed in both: gcc-14"));
}

TEST_CASE("compare: counts of two processors are never one cell") {
  Side both = side_of("both.csv", {cell_of("direct", 1000), cell_of("direct", 500)});
  for (std::size_t row = 0; row < both.rows.size(); ++row) {
    both.rows[row].accelerator = "tcg";
    both.rows[row].guest =
        fmt::format("qemu=7.2.22;cpu=Nehalem-v1{};settle=7", row < 5 ? "" : ",+erms");
  }
  const Comparison comparison = compare(both, both);
  REQUIRE(comparison.metrics.front().changes.size() == 2);
  CHECK(contains(comparison.metrics.front().changes.back().cell, "Nehalem-v1,+erms"));
  Side erms = both;
  erms.rows.erase(erms.rows.begin(), erms.rows.begin() + 5);
  both.rows.resize(5);
  CHECK(contains(refusal_of(both, erms), "counted on (Nehalem-v1 and Nehalem-v1,+erms)"));
}

TEST_SUITE_END();
