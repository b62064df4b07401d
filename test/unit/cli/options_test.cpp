// The command line: defaults, every flag, and messages that name the option.
#include "cli/options.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

TEST_SUITE_BEGIN("unit");

namespace {

using namespace std::chrono_literals;
using urb::Bytes;
using urb::Command;
using urb::Options;

Options parse(const std::vector<std::string>& arguments) {
  auto parsed = urb::parse_options(arguments);
  if (const auto* const error = std::get_if<urb::ParseError>(&parsed)) FAIL(error->message);
  REQUIRE(std::holds_alternative<Options>(parsed));
  return std::get<Options>(std::move(parsed));
}

std::string error_of(const std::vector<std::string>& arguments) {
  const auto parsed = urb::parse_options(arguments);
  REQUIRE(std::holds_alternative<urb::ParseError>(parsed));
  return std::get<urb::ParseError>(parsed).message;
}

std::string help_of(const std::vector<std::string>& arguments) {
  const auto parsed = urb::parse_options(arguments);
  REQUIRE(std::holds_alternative<urb::HelpText>(parsed));
  return std::get<urb::HelpText>(parsed).text;
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
  CHECK(parse({"serve", "direct", "--grace", "0s"}).grace == 0s);
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
  CHECK(parse({"cluster", "--seed", "18446744073709551615"}).seed == ~std::uint64_t{0});
  CHECK(contains(error_of({"cluster", "-b", "1,16T"}), "16T"));
  CHECK(contains(error_of({"serve", "direct", "--response", "16T"}), "--response"));
  CHECK(parse({"cluster", "-b", "15T"}).bodies == std::vector{Bytes{15ULL << 40}});
}

TEST_CASE("options: without any, a run is the study's") {
  const Options options = parse({"cluster", "socket"});
  CHECK(options.command == Command::run);
  CHECK(options.modes == std::vector<std::string>{"cluster", "socket"});
  CHECK(options.workers == 4);
  CHECK(options.connection_count() == 4);
  CHECK(options.bodies == std::vector{Bytes{1 << 20}, Bytes{10 << 20}});
  CHECK(options.response == Bytes{0});
  CHECK_FALSE(options.rate.has_value());
  CHECK_FALSE(options.verify);
  CHECK(options.reuses == std::vector<bool>{false, true});
  CHECK(options.duration == 1s);
  CHECK_FALSE(options.requests.has_value());
  CHECK(options.warmup == 300ms);
  CHECK(options.repeats == 5);
  CHECK(options.policy == urb::Policy::rr);
  CHECK(options.relay == urb::RelayKind::linked);
  CHECK(options.buffers == urb::BufferKind::registered);
  CHECK_FALSE(options.csv.has_value());
  CHECK(options.save);
  CHECK_FALSE(options.quiet);
}

TEST_CASE("options: every flag of a run arrives") {
  const Options options = parse(
      {"all",   "-w",       "2",     "-c",      "8",    "-b",        "0,64k,64k,1G", "--response",
       "4k",    "-r",       "yes",   "-n",      "100",  "--warmup",  "0s",           "--repeats",
       "7",     "--policy", "least", "--relay", "sync", "--buffers", "plain",        "--pin",
       "0,1,1", "--csv",    "-",     "--seed",  "42",   "-q",        "--color",      "never"});
  CHECK(options.workers == 2);
  CHECK(options.connection_count() == 8);
  CHECK(options.bodies == std::vector{Bytes{0}, Bytes{64 << 10}, Bytes{1 << 30}});
  CHECK(options.response == Bytes{4096});
  CHECK(options.reuses == std::vector<bool>{true});
  CHECK(*options.requests == 100);
  CHECK(options.warmup == 0s);
  CHECK(options.repeats == 7);
  CHECK(options.policy == urb::Policy::least);
  CHECK(options.relay == urb::RelayKind::sync);
  CHECK(options.buffers == urb::BufferKind::plain);
  CHECK(options.pin.cpus == std::vector<unsigned>{0, 1, 1});
  CHECK(*options.csv == "-");
  CHECK(options.seed == 42);
  CHECK(options.quiet);
  CHECK(options.color == urb::ColorChoice::never);
  CHECK_FALSE(parse({"all", "--no-save"}).save);
}

TEST_CASE("options: the relay auto has a size, or measures one") {
  const Options measured = parse({"passthru", "--relay", "auto"});
  CHECK(measured.relay == urb::RelayKind::automatic);
  CHECK_FALSE(measured.relay_copy_max.has_value());
  const Options given = parse({"serve", "passthru", "--relay", "auto:8k"});
  CHECK(given.relay == urb::RelayKind::automatic);
  CHECK(given.relay_copy_max == Bytes{8192});
  for (const char* const text : {"auto:", "auto:x", "sync:8k", "automatic"}) {
    CAPTURE(text);
    CHECK(contains(error_of({"passthru", "--relay", text}), "--relay"));
  }
  CHECK(parse({"doctor", "--calibrate"}).calibrate);
}

TEST_CASE("options: connections follow the workers") {
  CHECK(parse({"cluster", "-w", "9"}).connection_count() == 9);
}

TEST_CASE("options: serve has its place and its limits") {
  const Options options =
      parse({"serve", "passthru", "-l", "[::1]:0", "--header-timeout", "1s", "--body-timeout", "2s",
             "--idle-timeout", "3s", "--max-body", "1G", "--grace", "500ms"});
  CHECK(options.command == Command::serve);
  CHECK(options.modes == std::vector<std::string>{"passthru"});
  CHECK(format_address(options.listen) == "[::1]:0");
  CHECK(options.limits.header_timeout == 1s);
  CHECK(options.limits.body_timeout == 2s);
  CHECK(options.limits.idle_timeout == 3s);
  CHECK(options.limits.max_body == Bytes{1 << 30});
  CHECK(options.grace == 500ms);
  CHECK(format_address(parse({"serve", "cluster"}).listen) == "127.0.0.1:8080");
}

TEST_CASE("options: load has a URL and headers") {
  const Options options =
      parse({"load", "-H", "A: 1", "http://127.0.0.1:80/x", "-H", "B: 2", "-d", "250ms"});
  CHECK(options.command == Command::load);
  CHECK(options.url == "http://127.0.0.1:80/x");
  CHECK(options.headers == std::vector<std::string>{"A: 1", "B: 2"});
  CHECK(options.duration == 250ms);
  CHECK(parse({"list-modes"}).command == Command::list_modes);
  CHECK(parse({"list-columns", "--json"}).command == Command::list_columns);
}

TEST_CASE("options: help and version are texts, for each command with an example") {
  CHECK(contains(help_of({"--version"}), "uring-bench 0."));
  for (const char* const command : {"serve", "load", "list-modes", "list-columns"}) {
    const std::string help = help_of({command, "--help"});
    CHECK(contains(help, "Example:\n  uring-bench " + std::string{command}));
  }
  const std::string help = help_of({"--help"});
  CHECK(contains(help, "Example:\n  uring-bench cluster"));
  for (const char* const flag :
       {"--workers", "--connections", "--body", "--response", "--reuse", "--duration", "--requests",
        "--warmup", "--repeats", "--policy", "--relay", "--buffers", "--pin", "--csv", "--no-save",
        "--seed", "--quiet", "--color"}) {
    CHECK_MESSAGE(contains(help, flag), flag);
  }
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
                 "--relay: 'fast': not one of linked, sync, copy, auto"));
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

TEST_CASE("options: rate and verification are of a run and of load") {
  for (const std::vector<std::string>& start :
       {std::vector<std::string>{"socket"}, std::vector<std::string>{"load", "http://[::1]:1/"}}) {
    std::vector<std::string> arguments = start;
    arguments.insert(arguments.end(), {"-R", "250", "--verify"});
    CHECK(parse(arguments).rate == 250);
    CHECK(parse(arguments).verify);
  }
  CHECK(contains(error_of({"socket", "--rate", "0"}), "--rate"));
  CHECK(contains(error_of({"serve", "socket", "--rate", "5"}), "--rate"));
}

TEST_CASE("options: a threshold that no change is above is refused") {
  for (const std::string text : {"nan", "-nan", "NaN", "inf", "-inf", "-1", "1e7", "5%", ""}) {
    CAPTURE(text);
    const std::string error = error_of({"compare", "a.csv", "b.csv", "--threshold=" + text});
    CHECK(contains(error, "--threshold"));
  }
  CHECK(parse({"compare", "a", "b", "--threshold", "2.5"}).compare.threshold_percent == 2.5);
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
