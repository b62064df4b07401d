// What is wrong on a command line is refused with the name of the option.
#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

#include "cli/command_line.hpp"
#include "cli/compare_command.hpp"
#include "cli/run_command.hpp"
#include "cli/serve_command.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using namespace std::chrono_literals;
using urb::Bytes;

template <class Options>
Options options_of(const std::vector<std::string>& arguments) {
  const auto parsed = urb::parse_command_line(arguments);
  REQUIRE(std::holds_alternative<urb::Invocation>(parsed));
  return std::get<urb::Invocation>(parsed).options<Options>();
}

std::string error_of(const std::vector<std::string>& arguments) {
  const auto parsed = urb::parse_command_line(arguments);
  REQUIRE(std::holds_alternative<urb::ParseError>(parsed));
  return std::get<urb::ParseError>(parsed).message;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("options: zero is refused wherever it cannot be meant") {
  for (const char* const option : {"--header-timeout", "--body-timeout", "--idle-timeout"}) {
    CAPTURE(option);
    CHECK(contains(error_of({"serve", "direct", option, "0s"}), option));
    CHECK(contains(error_of({"serve", "direct", option, "0.1ns"}), "zero"));  // rounds to it
  }
  CHECK(options_of<urb::ServeOptions>({"serve", "direct", "--grace", "0s"}).server.grace == 0s);
  for (const char* const option : {"-n", "-w", "-c", "-R", "--repeats"}) {
    CAPTURE(option);
    CHECK_FALSE(error_of({"cluster", option, "0"}).empty());
  }
  CHECK(contains(error_of({"sweep", "--kernel", "x", "--patience", "0s"}), "--patience"));
}

TEST_CASE("options: numbers that do not fit are refused, not cut") {
  for (const char* const number : {"-1", "18446744073709551616"}) {
    CHECK(contains(error_of({"cluster", "-n", number}), "--requests"));
    CHECK(contains(error_of({"cluster", "--seed", number}), "--seed"));
  }
  CHECK(options_of<urb::RunOptions>({"cluster", "--seed", "18446744073709551615"})
            .setup.server.seed == ~std::uint64_t{0});
  CHECK(contains(error_of({"cluster", "-b", "1,16T"}), "16T"));
  CHECK(contains(error_of({"serve", "direct", "--response", "16T"}), "--response"));
  CHECK(options_of<urb::RunOptions>({"cluster", "-b", "15T"}).grid.bodies ==
        std::vector{Bytes{15ULL << 40}});
}

TEST_CASE("options: an unknown option is named, with the one that was meant") {
  CHECK(error_of({"cluster", "--boddy", "1M"}) ==
        "unknown option --boddy, did you mean --body? (see uring-bench --help)");
  CHECK(contains(error_of({"cluster", "-Z"}), "unknown option -Z"));
  CHECK(contains(error_of({"serve", "cluster", "--repeats", "5"}), "unknown option --repeats"));
  CHECK(contains(error_of({"list-modes", "x"}), "unexpected argument 'x'"));
}

TEST_CASE("options: a bad value names its option and itself") {
  CHECK(contains(error_of({"cluster", "--body", "1X"}), "--body: '1X': unknown size unit"));
  CHECK(contains(error_of({"cluster", "-d", "5"}), "--duration: '5': a duration needs a unit"));
  CHECK(contains(error_of({"cluster", "-d", "0s"}), "--duration"));
  CHECK(contains(error_of({"cluster", "-w", "0"}), "--workers"));
  CHECK(contains(error_of({"cluster", "--repeats", "x"}), "--repeats"));
  CHECK(contains(error_of({"cluster", "--relay", "fast"}),
                 "--relay: 'fast': not one of linked, sync, copy"));
  CHECK(contains(error_of({"cluster", "-r", "maybe"}), "not one of no, yes, both"));
  CHECK(contains(error_of({"cluster", "-b"}), "--body"));
}

TEST_CASE("options: what excludes each other is refused") {
  CHECK(contains(error_of({"cluster", "-n", "5", "-d", "1s"}), "excludes"));
  CHECK(contains(error_of({"cluster", "--csv", "x", "--no-save"}), "excludes"));
}

TEST_CASE("options: what is missing is named") {
  CHECK(contains(error_of({}), "no mode was given"));
  CHECK(contains(error_of({"serve"}), "MODE is required"));
  CHECK(contains(error_of({"load"}), "URL is required"));
}

TEST_CASE("options: a threshold that no change is above is refused") {
  for (const std::string text : {"nan", "-nan", "NaN", "inf", "-inf", "-1", "1e7", "5%", ""}) {
    CAPTURE(text);
    const std::string error = error_of({"compare", "a.csv", "b.csv", "--threshold=" + text});
    CHECK(contains(error, "--threshold"));
  }
  const auto options = options_of<urb::CompareOptions>({"compare", "a", "b", "--threshold", "2.5"});
  CHECK(options.threshold_percent == 2.5);
  CHECK(options.metrics.size() == 3);
}

TEST_CASE("options: no number is taken where it is none") {
  for (const std::string text : {"nan", "inf", "-1", "1e400"}) {
    CAPTURE(text);
    for (const std::string option :
         {"--workers", "--connections", "--rate", "--requests", "--repeats", "--seed", "--duration",
          "--warmup", "--body", "--response"}) {
      CAPTURE(option);
      CHECK(contains(error_of({"direct", option, text}), option));
    }
    CHECK(contains(error_of({"direct", "--duration", text + "s"}), "--duration"));
    CHECK(contains(error_of({"load", "http://h/", "--server-pid", text}), "--server-pid"));
  }
}

TEST_SUITE_END();
