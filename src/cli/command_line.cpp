#include "cli/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/suggest.hpp"
#include "cli/url.hpp"
#include "cli/version.hpp"

namespace urb {
namespace {

// A command with its flags. Immovable, as CLI11 keeps the addresses of the options.
struct Declared {
  Declared(const Command& declared, CLI::App& its_app, const std::vector<std::string>& arguments)
      : command{declared},
        app{its_app},
        flags{its_app, arguments},
        action{declared.declare(flags)} {}

  const Command& command;
  CLI::App& app;
  Flags flags;
  Action action;
};

class Parser {
 public:
  explicit Parser(const std::vector<std::string>& arguments) : arguments_{arguments} {
    app_.set_version_flag("--version", fmt::format("uring-bench {}", kVersion));
    app_.require_subcommand(0, 1);
    for (const Command* const command : all_commands()) declare(*command);
  }

  std::variant<Invocation, HelpText, ParseError> parse() {
    try {
      app_.parse(own_arguments());
    } catch (const CLI::CallForHelp&) {
      return HelpText{app_.help()};
    } catch (const CLI::CallForVersion& version) {
      return HelpText{std::string{version.what()} + "\n"};
    } catch (const CLI::ParseError& error) {
      // What is not known at all comes first: it explains many of the other complaints.
      const std::string extra = describe_extra();
      return usage_error(extra.empty() ? error.what() : extra);
    }
    if (const std::string extra = describe_extra(); !extra.empty()) return usage_error(extra);
    Declared& chosen = this->chosen();
    try {
      chosen.flags.finish();
    } catch (const UsageError& error) {
      return usage_error(error.what());
    }
    return Invocation{&chosen.command, std::move(chosen.action)};
  }

 private:
  void declare(const Command& command) {
    const bool is_named = !command.name.empty();
    CLI::App& app =
        is_named ? *app_.add_subcommand(std::string{command.name}, std::string{command.summary})
                 : app_;
    app.footer(fmt::format("Examples:\n{}{}", command.examples,
                           is_named ? ""
                                    : "\nuring-bench COMMAND --help describes a command's own "
                                      "options."));
    app.allow_extras();  // refused in describe_extra(), with the name that was meant
    declared_.push_back(std::make_unique<Declared>(command, app, arguments_));
  }

  // From the back, as CLI11 takes them; without what the command passes on.
  [[nodiscard]] std::vector<std::string> own_arguments() const {
    auto end = arguments_.end();
    for (const auto& declared : declared_) {
      const Command& command = declared->command;
      if (command.passes_on && !arguments_.empty() && arguments_.front() == command.name) {
        end = std::find(arguments_.begin(), arguments_.end(), "--");
      }
    }
    std::vector<std::string> own(arguments_.begin(), end);
    std::reverse(own.begin(), own.end());
    return own;
  }

  // The command that was chosen; the one without a name where none was.
  [[nodiscard]] Declared& chosen() const {
    const auto is_chosen = [](const auto& each) {
      return !each->command.name.empty() && each->app.parsed();
    };
    const auto is_nameless = [](const auto& each) { return each->command.name.empty(); };
    auto found = std::find_if(declared_.begin(), declared_.end(), is_chosen);
    if (found == declared_.end()) {
      found = std::find_if(declared_.begin(), declared_.end(), is_nameless);
    }
    return **found;
  }

  // The first argument that no option or operand took, and the option that was probably meant.
  [[nodiscard]] std::string describe_extra() const {
    for (const std::string& extra : app_.remaining(true)) {
      if (extra == "--") continue;
      if (!extra.starts_with('-')) return fmt::format("unexpected argument '{}'", hide_user(extra));
      std::vector<std::string> names;
      for (const CLI::Option* const option : std::as_const(chosen().app).get_options()) {
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
      }
      const std::vector<std::string_view> views(names.begin(), names.end());
      return describe_unknown("option", extra.substr(0, extra.find('=')), views);
    }
    return {};
  }

  [[nodiscard]] ParseError usage_error(const std::string& what) const {
    const std::string_view name = chosen().command.name;
    return {0, fmt::format("{} (see uring-bench{}{} --help)", what, name.empty() ? "" : " ", name)};
  }

  const std::vector<std::string>& arguments_;
  CLI::App app_{"Benchmarks ways to distribute HTTP requests to worker processes.", "uring-bench"};
  std::vector<std::unique_ptr<Declared>> declared_;
};

}  // namespace

std::variant<Invocation, HelpText, ParseError> parse_command_line(
    const std::vector<std::string>& arguments) {
  return Parser{arguments}.parse();
}

}  // namespace urb
