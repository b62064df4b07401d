// The list of warnings: names in the CSV, and sentences with a remedy.
#include "row/warnings.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string_view>

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

TEST_CASE("warnings: each is found by its name, which no other has") {
  std::set<std::string_view> names;
  for (const WarningInfo& warning : all_warnings()) {
    CAPTURE(warning.name);
    CHECK(names.insert(warning.name).second);
    CHECK(warning.name.find(';') == std::string_view::npos);
    CHECK(find_warning(warning.name) == &warning);
    CHECK(name_of(warning.kind) == warning.name);
    CHECK(text_of(warning.kind) == warning.text);
    CHECK(text_of_warning(warning.name).size() > 20);
  }
  CHECK(find_warning("") == nullptr);
  CHECK(text_of_warning("no_such").empty());
}

TEST_CASE("warnings: those about time alone say nothing about counts") {
  for (const Warning kind :
       {Warning::client_busy, Warning::drifted, Warning::emulated_cpu, Warning::few_repeats,
        Warning::load_high, Warning::governor_saves_power}) {
    CHECK(find_warning(name_of(kind))->doubt == Doubt::times);
  }
  CHECK(find_warning("dirty_tree")->doubt == Doubt::all);
  CHECK(find_warning("missing_closes")->doubt == Doubt::all);
}

}  // namespace
}  // namespace urb

TEST_SUITE_END();
