// The manual page knows every command and option, and none that is not there.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <variant>

#include "cli/command_line.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

using Names = std::set<std::string>;

// All long options that a text names.
Names find_options(const std::string& text) {
  Names names;
  for (std::size_t at = 0; (at = text.find("--", at)) != std::string::npos;) {
    at += 2;
    const auto end = std::find_if(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(),
                                  [](char c) { return std::islower(c) == 0 && c != '-'; });
    const std::string name{text.begin() + static_cast<std::ptrdiff_t>(at), end};
    if (!name.empty() && name.front() != '-') names.insert(name);
    at += name.size();
  }
  return names;
}

std::string help_of(std::string_view command) {
  std::vector<std::string> arguments{"--help"};
  if (!command.empty()) arguments.emplace(arguments.begin(), command);
  const auto parsed = parse_command_line(arguments);
  REQUIRE(std::holds_alternative<HelpText>(parsed));
  return std::get<HelpText>(parsed).text;
}

// Without roff's escapes, of which it needs \\- and \\fB only.
std::string read_page() {
  std::ifstream file{URB_TEST_DATA "/../../man/uring-bench.1"};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  REQUIRE_FALSE(text.empty());
  for (std::size_t at = 0; (at = text.find("\\f", at)) != std::string::npos;) text.erase(at, 3);
  std::erase(text, '\\');
  return text;
}

TEST_CASE("manual page: its options are those of --help") {
  Names helped;
  for (const Command* const command : all_commands())
    helped.merge(find_options(help_of(command->name)));
  helped.erase("version");
  Names written = find_options(read_page());
  for (const std::string& name : helped) {
    if (name != "help") CHECK_MESSAGE(written.count(name) != 0, "not in the page: --", name);
  }
  for (const std::string& name : written) {
    CHECK_MESSAGE(helped.count(name) != 0, "no such option: --", name);
  }
}

TEST_CASE("manual page: every command has a place among the commands") {
  const std::string page = read_page();
  const std::string commands =
      page.substr(page.find(".SS Commands"), page.find(".SH OPTIONS") - page.find(".SS Commands"));
  for (const Command* const command : all_commands()) {
    const std::string name{command->name};
    CHECK_MESSAGE(commands.find(name) != std::string::npos, name);
  }
}

}  // namespace
}  // namespace urb

TEST_SUITE_END();
