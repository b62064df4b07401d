// The command line: defaults, every flag, and messages that name the option.
#include "cli/command_line.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/compare_command.hpp"
#include "cli/load_command.hpp"
#include "cli/run_command.hpp"
#include "cli/serve_command.hpp"
#include "cli/sweep_command.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using namespace std::chrono_literals;
using urb::Bytes;

urb::Invocation parse(const std::vector<std::string>& arguments) {
  auto parsed = urb::parse_command_line(arguments);
  if (const auto* const error = std::get_if<urb::ParseError>(&parsed)) FAIL(error->message);
  REQUIRE(std::holds_alternative<urb::Invocation>(parsed));
  return std::get<urb::Invocation>(std::move(parsed));
}

template <class Options>
Options options_of(std::string_view command, const std::vector<std::string>& arguments) {
  const urb::Invocation invocation = parse(arguments);
  REQUIRE(invocation.command->name == command);
  return invocation.options<Options>();
}

urb::RunOptions parse_run(const std::vector<std::string>& arguments) {
  return options_of<urb::RunOptions>("", arguments);
}
urb::ServerConfig parse_serve(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "serve");
  return options_of<urb::ServeOptions>("serve", arguments).server;
}
urb::LoadCommandOptions parse_load(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "load");
  return options_of<urb::LoadCommandOptions>("load", arguments);
}

std::string error_of(const std::vector<std::string>& arguments) {
  const auto parsed = urb::parse_command_line(arguments);
  REQUIRE(std::holds_alternative<urb::ParseError>(parsed));
  return std::get<urb::ParseError>(parsed).message;
}

std::string help_of(const std::vector<std::string>& arguments) {
  const auto parsed = urb::parse_command_line(arguments);
  REQUIRE(std::holds_alternative<urb::HelpText>(parsed));
  return std::get<urb::HelpText>(parsed).text;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("options: without any, a run is the study's") {
  const urb::RunOptions options = parse_run({"cluster", "socket"});
  const urb::ServerConfig& server = options.setup.server;
  const urb::LoadOptions& load = options.setup.load;
  CHECK(options.modes == std::vector<std::string>{"cluster", "socket"});
  CHECK(options.arguments == options.modes);
  CHECK(server.workers == 4);
  CHECK(load.connections == 4);
  CHECK(options.grid.bodies == std::vector{Bytes{1 << 20}, Bytes{10 << 20}});
  CHECK(options.grid.reuses == std::vector<bool>{false, true});
  CHECK(options.grid.repeats == 5);
  CHECK(server.response_bytes == Bytes{0});
  CHECK_FALSE(load.rate.has_value());
  CHECK(load.verify == urb::Verify::none);
  CHECK(load.duration == 1s);
  CHECK_FALSE(load.requests.has_value());
  CHECK(load.warmup == 300ms);
  CHECK_FALSE(server.policy);
  CHECK(server.relay == urb::RelayKind::sync);
  CHECK(server.buffers == urb::BufferKind::registered);
  CHECK(options.setup.client == urb::ClientKind::builtin);
  CHECK(options.reference);
  CHECK_FALSE(options.rows.csv.has_value());
  CHECK(options.rows.save);
  CHECK_FALSE(options.quiet);
}

TEST_CASE("options: every flag of a run arrives") {
  const urb::RunOptions options = parse_run(
      {"all",        "-w",        "2",       "-c",       "8",        "-b",      "0,64k,64k,1G",
       "--response", "4k",        "-r",      "yes",      "-n",       "100",     "--warmup",
       "0s",         "--repeats", "7",       "--policy", "least",    "--relay", "sync",
       "--buffers",  "plain",     "--pin",   "0,1,1",    "--csv",    "-",       "--seed",
       "42",         "-q",        "--color", "never",    "--client", "ab",      "--no-ceiling",
       "--json",     "x"});
  const urb::ServerConfig& server = options.setup.server;
  const urb::LoadOptions& load = options.setup.load;
  CHECK(server.workers == 2);
  CHECK(load.connections == 8);
  CHECK(options.grid.bodies == std::vector{Bytes{0}, Bytes{64 << 10}, Bytes{1 << 30}});
  CHECK(server.response_bytes == Bytes{4096});
  CHECK(options.grid.reuses == std::vector<bool>{true});
  CHECK(*load.requests == 100);
  CHECK(load.warmup == 0s);
  CHECK(options.grid.repeats == 7);
  CHECK(server.policy == urb::Policy::least);
  CHECK(server.relay == urb::RelayKind::sync);
  CHECK(server.buffers == urb::BufferKind::plain);
  CHECK(options.pin.cpus == std::vector<unsigned>{0, 1, 1});
  CHECK(*options.rows.csv == "-");
  CHECK(*options.json == "x");
  CHECK(server.seed == 42);
  CHECK(options.quiet);
  CHECK(options.color == urb::ColorChoice::never);
  CHECK(options.setup.client == urb::ClientKind::ab);
  CHECK_FALSE(options.reference);
  CHECK_FALSE(parse_run({"all", "--no-save"}).rows.save);
}

TEST_CASE("options: connections follow the workers of a run") {
  CHECK(parse_run({"cluster", "-w", "9"}).setup.load.connections == 9);
  CHECK(parse_load({"http://h/"}).load.connections == 4);
}

TEST_CASE("options: serve has its place and its limits") {
  const urb::ServerConfig server =
      parse_serve({"passthru", "-l", "[::1]:0", "--header-timeout", "1s", "--body-timeout", "2s",
                   "--idle-timeout", "3s", "--max-body", "1G", "--grace", "500ms"});
  CHECK(server.mode == "passthru");
  CHECK(format_address(server.listen) == "[::1]:0");
  CHECK(server.limits.header_timeout == 1s);
  CHECK(server.limits.body_timeout == 2s);
  CHECK(server.limits.idle_timeout == 3s);
  CHECK(server.limits.max_body == Bytes{1 << 30});
  CHECK(server.grace == 500ms);
  CHECK(format_address(parse_serve({"cluster"}).listen) == "127.0.0.1:8080");
}

TEST_CASE("options: load has a URL, headers and processes") {
  const urb::LoadCommandOptions options = parse_load(
      {"-H", "A: 1", "http://127.0.0.1:80/x", "-H", "B: 2", "-d", "250ms", "--server-pid", "1,2"});
  CHECK(options.urls == std::vector<std::string>{"http://127.0.0.1:80/x"});
  CHECK(options.load.headers == std::vector<std::string>{"A: 1", "B: 2"});
  CHECK(options.load.duration == 250ms);
  CHECK(options.server_pids == std::vector<int>{1, 2});
}

TEST_CASE("options: what follows -- is passed on by sweep, and by no other command") {
  const auto options = options_of<urb::SweepCommandOptions>(
      "sweep", {"sweep", "--kernel", "a", "--kernel", "b,c", "--accel", "tcg", "--patience", "8s",
                "-o", "x", "--", "socket", "-b", "4K", "--help"});
  const urb::SweepOptions& sweep = options.sweep;
  CHECK(sweep.kernels == std::vector<std::string>{"a", "b,c"});
  CHECK(sweep.accel == urb::AccelChoice::tcg);
  CHECK(sweep.repeats == 3);
  CHECK(sweep.patience == 8s);
  CHECK(options.folder == "x");
  CHECK(sweep.guest == std::vector<std::string>{"socket", "-b", "4K", "--help"});
  CHECK(parse_run({"--", "socket"}).modes == std::vector<std::string>{"socket"});
}

TEST_CASE("options: help and version are texts, for each command with an example") {
  CHECK(contains(help_of({"--version"}), "uring-bench 0."));
  for (const urb::Command* const command : urb::all_commands()) {
    const std::string name{command->name};
    CAPTURE(name);
    const std::string help = name.empty() ? help_of({"--help"}) : help_of({name, "--help"});
    CHECK(contains(help, "Examples:\n  uring-bench " + name));
    CHECK(contains(help_of({"--help"}), std::string{command->summary}));
  }
  const std::string help = help_of({"--help"});
  for (const char* const flag :
       {"--workers", "--connections", "--body", "--response", "--reuse", "--duration", "--requests",
        "--warmup", "--repeats", "--policy", "--relay", "--buffers", "--pin", "--csv", "--no-save",
        "--seed", "--quiet", "--color"}) {
    CHECK_MESSAGE(contains(help, flag), flag);
  }
}

TEST_CASE("options: rate and verification are of a run and of load") {
  for (const std::vector<std::string>& start :
       {std::vector<std::string>{"socket"}, std::vector<std::string>{"load", "http://[::1]:1/"}}) {
    std::vector<std::string> arguments = start;
    arguments.insert(arguments.end(), {"-R", "250", "--verify"});
    const urb::Invocation invocation = parse(arguments);
    const urb::LoadOptions& load = invocation.command->name == "load"
                                       ? invocation.options<urb::LoadCommandOptions>().load
                                       : invocation.options<urb::RunOptions>().setup.load;
    CHECK(load.rate == 250);
    CHECK(load.verify == urb::Verify::all);
  }
  CHECK(contains(error_of({"socket", "--rate", "0"}), "--rate"));
  CHECK(contains(error_of({"serve", "socket", "--rate", "5"}), "--rate"));
}

TEST_SUITE_END();
