// What was typed, as a command and its options.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/units.hpp"
#include "cli/command.hpp"

namespace urb {

struct Invocation {
  const Command* command = nullptr;
  Action action;

  /// The options, for who knows the command.
  template <class Options>
  [[nodiscard]] const Options& options() const noexcept {
    return *static_cast<const Options*>(action.options.get());
  }
};

/// Text that was asked for instead of a command: --help, --version.
struct HelpText {
  std::string text;
};

/// `arguments` without the program's name. The error's position is of no use here: its message
/// names the option. Nothing is printed, nothing throws.
[[nodiscard]] std::variant<Invocation, HelpText, ParseError> parse_command_line(
    const std::vector<std::string>& arguments);

}  // namespace urb
