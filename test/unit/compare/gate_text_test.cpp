// The verdict of a gate.
#include "compare/gate_text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "report/console.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using urb::CountChange;

CountChange change(std::string name, double base, double next, bool is_beyond_noise = true) {
  CountChange made{.name = std::move(name), .subsystem = "TCP", .base = {base}, .next = {next}};
  made.base_median = base;
  made.next_median = next;
  made.is_beyond_noise = is_beyond_noise;
  return made;
}

urb::ProfileComparison grown() {
  urb::ProfileComparison comparison;
  comparison.threshold_percent = 1;
  comparison.cells.resize(2);
  comparison.cells[0].cell = "direct 4kB reuse";
  comparison.cells[0].sum = change("direct 4kB reuse", 10000, 10200);
  comparison.cells[0].functions = {change("tcp_ack", 100, 300), change("tcp_push", 500, 505)};
  comparison.cells[0].beyond_threshold = true;
  comparison.cells[1].cell = "socket 4kB reuse";
  comparison.cells[1].sum = change("socket 4kB reuse", 10000, 10010, false);
  return comparison;
}

std::string text_of(const urb::ProfileComparison& comparison) {
  return format_report(make_gate_report(comparison), false);
}

}  // namespace

TEST_CASE("gate: the sum of a cell decides, and its functions are named") {
  const urb::ProfileComparison comparison = grown();
  CHECK_FALSE(passes_gate(comparison));
  const std::string text = text_of(comparison);
  CHECK(text.find("direct 4kB reuse: +2.00%, by these functions\n") != std::string::npos);
  CHECK(text.find("tcp_ack") != std::string::npos);
  CHECK(text.find("tcp_push") == std::string::npos);  // not needed to explain the growth
  CHECK(text.ends_with("gate: 1 of 2 cells grew by more than 1%\n"));
}

TEST_CASE("gate: without growth it says how many cells it looked at") {
  urb::ProfileComparison comparison = grown();
  comparison.cells.erase(comparison.cells.begin());
  CHECK(passes_gate(comparison));
  CHECK(text_of(comparison).ends_with("gate: no cell of 1 grew by more than 1%\n"));
}

TEST_CASE("gate: a cell that the new side has no figures of does not pass") {
  urb::ProfileComparison comparison = grown();
  comparison.cells.erase(comparison.cells.begin());
  comparison.base_only = {"passthru linked 4kB reuse"};
  CHECK_FALSE(passes_gate(comparison));
  CHECK(text_of(comparison).find("no figures of passthru linked 4kB reuse\n") != std::string::npos);
}
