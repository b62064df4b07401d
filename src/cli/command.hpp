// THE SHAPE of a command: one file NAME_command.cpp in this folder plus one word in meson.build's
// list. The file has the command's own options, declares their flags, and runs.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/exit_code.hpp"
#include "cli/flags.hpp"

namespace urb {

/// Options that flags have been declared on, and what is to be done with them.
struct Action {
  std::shared_ptr<const void> options;  ///< of the command's own type
  /// Returns the exit code, or throws what main reports: UsageError, Unsupported, other exceptions.
  std::function<int()> run;
};

/// Declares the flags of a command on options of its own, which live as long as the action.
template <class Options>
Action make_action(Flags& flags, void (*declare)(Flags&, Options&), int (*run)(const Options&)) {
  const auto options = std::make_shared<Options>();
  declare(flags, *options);
  return {options, [options, run] { return run(*options); }};
}

/// For a command without options.
inline Action make_action(int (*run)()) { return {nullptr, run}; }

struct Command {
  std::string_view name;      ///< empty: what runs without a command's name
  std::string_view summary;   ///< one line of --help
  std::string_view examples;  ///< one a line, each indented by two
  Action (*declare)(Flags&);
  bool passes_on = false;             ///< what follows `--` is not read here, see Flags::rest()
  int exit_on_failure = kExitFailed;  ///< where it throws neither UsageError nor Unsupported
};

/// All commands, in the order of the list in meson.build.
[[nodiscard]] std::span<const Command* const> all_commands() noexcept;

}  // namespace urb

// A skeleton to copy, example_command.cpp:
//
//   struct ExampleOptions { unsigned count = 1; };
//   void declare_example(Flags& flags, ExampleOptions& options) {
//     flags.number("--count", options.count, {1, 100}, "how often");
//   }
//   int run_example(const ExampleOptions& options) { … }
//
//   extern const Command command_example;
//   const Command command_example{
//       .name = "example",
//       .summary = "Does something",
//       .examples = "  uring-bench example --count 3\n",
//       .declare = [](Flags& flags) { return make_action(flags, declare_example, run_example); }};
