// Every flag, declared once: which ones a command has is chosen in options.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "cli/options.hpp"

namespace urb {

/// Declares groups of flags on one command. All write to the same Options, which outlives the app;
/// this object need not.
class Flags {
 public:
  Flags(CLI::App& app, Options& options) : app_{app}, options_{options} {}

  void declare_server();   ///< what the server is
  void declare_serving();  ///< where and how long `serve` serves
  /// What the client sends, and for how long.
  void declare_load(const std::string& connections_default, const std::string& verify_help);
  /// How much of what is measured. `what` is counted: "requests".
  void declare_window(const std::string& what);
  void declare_experiment();        ///< how often, by whom, and where rows go
  void declare_repeats();           ///< how often
  void declare_rows();              ///< where rows go
  void declare_quiet();             ///< progress
  void declare_output();            ///< progress and colours
  void declare_color();             ///< colours alone
  void declare_comparison();        ///< two files and how to compare them
  void declare_headers();           ///< further headers
  void declare_sweep();             ///< kernels, who runs them, and where rows go
  void declare_doctor();            ///< what `doctor` measures on request
  void declare_server_processes();  ///< of a server that somebody else started

 private:
  using Store = std::function<void(const std::string&)>;
  CLI::Option* add_parsed(const std::string& names, const std::string& type,
                          const std::string& description, const std::string& shown_default,
                          Store store);
  CLI::Option* add_duration(const std::string& names, const std::string& description,
                            const std::string& shown_default, Nanos& target,
                            const char* why_not_zero = nullptr);

  CLI::App& app_;
  Options& options_;
};

}  // namespace urb
