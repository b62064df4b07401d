// Lists of CPUs and how they are shared out, on machines that are made up.
#include "experiment/pinning.hpp"

#include <doctest/doctest.h>
#include <sched.h>

#include "base/error.hpp"
#include "support/child.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using Cpus = std::vector<unsigned>;

urb::PinRequest parse(std::string_view text) {
  auto parsed = urb::parse_pin(text);
  REQUIRE(std::holds_alternative<urb::PinRequest>(parsed));
  return std::get<urb::PinRequest>(std::move(parsed));
}

bool is_refused(std::string_view text) {
  return std::holds_alternative<urb::ParseError>(urb::parse_pin(text));
}

std::string planned(std::string_view text, unsigned workers, const Cpus& allowed) {
  return urb::format_pinning(urb::plan_pinning(parse(text), workers, allowed));
}

}  // namespace

TEST_CASE("pinning: a list is numbers and ranges, three at least") {
  CHECK(parse("0,1,2").cpus == Cpus{0, 1, 2});
  CHECK(parse("7,0-2,0").cpus == Cpus{7, 0, 1, 2, 0});
  for (const char* const text : {"", "0", "0,1", "0,1,", ",0,1,2", "0,1,x", "0,1,2-", "3-1,0",
                                 "0,1,-2", "all", "0,1,99999"}) {
    CAPTURE(text);
    CHECK(is_refused(text));
  }
}

TEST_CASE("pinning: client, master, then workers, who start again when the list is short") {
  const Cpus allowed{0, 1, 2, 3};
  CHECK(planned("none", 4, allowed) == "none");
  CHECK(planned("3,2,0,1", 4, allowed) == "3 2 0 1 0 1");
  CHECK(planned("0,0,1", 2, allowed) == "0 0 1 1");
  CHECK(planned("0-3", 1, allowed) == "0 1 2");
}

TEST_CASE("pinning: auto keeps the client to itself as far as the CPUs go") {
  CHECK(planned("auto", 4, {0, 1, 2, 3, 4, 5}) == "0 1 2 3 4 5");
  CHECK(planned("auto", 4, {4, 6, 8}) == "4 6 8 8 8 8");
  CHECK(planned("auto", 2, {0, 1}) == "0 1 1 1");
  CHECK(planned("auto", 2, {5}) == "5 5 5 5");
}

TEST_CASE("pinning: a CPU that is not there is refused before anything runs") {
  CHECK_THROWS_WITH_AS((void)planned("0,1,7", 2, {0, 1}), doctest::Contains("CPU 7"),
                       urb::UsageError);
}

TEST_CASE("pinning: a process that is pinned may use that CPU only") {
  const Cpus before = urb::allowed_cpus();
  REQUIRE_FALSE(before.empty());
  const int status = urb::test::exit_status_of([&] {
    urb::pin_this_process(before.back());
    return urb::allowed_cpus() == Cpus{before.back()} ? 0 : 1;
  });
  CHECK(status == 0);
  CHECK(urb::allowed_cpus() == before);
}

TEST_SUITE_END();
