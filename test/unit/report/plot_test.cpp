// What panels say of themselves to gnuplot.
#include "report/plot.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

TEST_SUITE_BEGIN("unit");

namespace {

std::string script_of(std::vector<urb::LinePanel::Tick> ticks, bool is_logarithmic) {
  const urb::Line line{"direct", {{ticks.front().at, {1, 1, 1}}, {ticks.back().at, {2, 2, 2}}}};
  return urb::make_line_panel({"",
                               "connections",
                               "req/s",
                               is_logarithmic,
                               std::move(ticks),
                               urb::LinePanel::Scale::linear_from_zero,
                               "",
                               {line}})
      .script;
}

bool has(const std::string& script, const char* text) {
  return script.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("line panel: labels of the x axis are turned when one would reach into the next") {
  CHECK(has(script_of({{1, "1"}, {64, "64"}, {1024, "1024"}, {10000, "10000"}}, true), "norotate"));
  CHECK(has(script_of({{1, "1"}, {4096, "4096"}, {10000, "10000"}}, true), "rotate by 35"));
  CHECK(has(script_of({{0, "6.1.0"}, {1, "6.12.117"}, {2, "7.2.13"}}, false), "norotate"));
  const std::string wide(20, '6');
  CHECK(has(script_of({{0, wide}, {1, wide}, {2, wide}, {3, wide}}, false), "rotate by 35"));
  CHECK(has(script_of({{0, "6.1.0"}}, false), "norotate"));
}

TEST_SUITE_END();
