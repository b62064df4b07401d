// The commands, their flags and their help.
#include "cli/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <utility>

#include "cli/flags.hpp"
#include "cli/suggest.hpp"
#include "cli/url.hpp"
#include "cli/version.hpp"
#include "micro/micro.hpp"

namespace urb {
namespace {

// The whole command line. Immovable: CLI11 keeps the addresses of the options.
class Parser {
 public:
  Parser()
      : app_{"Benchmarks three ways to distribute HTTP requests to worker processes.",
             "uring-bench"} {
    declare_run();
    declare_serve();
    declare_load();
    doctor_ =
        add_command("doctor", "Says what this kernel and these limits allow", "uring-bench doctor");
    Flags{*doctor_, options_}.declare_doctor();
    declare_compare();
    declare_micro();
    declare_sweep();
    declare_report();
    list_modes_ = add_command("list-modes", "Names the modes", "uring-bench list-modes");
    list_columns_ = add_command("list-columns", "Says what each column of the CSV means",
                                "uring-bench list-columns --json");
    list_columns_->add_flag("--json", options_.columns_as_json, "as JSON, for programs");
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  std::variant<Options, HelpText, ParseError> parse(std::vector<std::string> arguments) {
    options_.arguments = arguments;
    if (!arguments.empty() && arguments.front() == "sweep") cut_guest_arguments(arguments);
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    try {
      app_.parse(std::move(arguments));
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

    if (serve_->parsed()) {
      options_.command = Command::serve;
      options_.modes = {served_mode_};
    } else if (load_->parsed()) {
      options_.command = Command::load;
    } else if (doctor_->parsed()) {
      options_.command = Command::doctor;
    } else if (micro_->parsed()) {
      options_.command = Command::micro;
    } else if (sweep_->parsed()) {
      options_.command = Command::sweep;
    } else if (compare_->parsed()) {
      options_.command = Command::compare;
    } else if (report_->parsed()) {
      options_.command = Command::report;
    } else if (list_modes_->parsed()) {
      options_.command = Command::list_modes;
    } else if (list_columns_->parsed()) {
      options_.command = Command::list_columns;
    } else if (options_.modes.empty()) {
      return usage_error("no mode was given; list-modes names them, 'all' runs every one");
    }
    return options_;
  }

 private:
  void declare_run() {
    app_.add_option("MODE", options_.modes, "modes to benchmark side by side, or all");
    app_.set_version_flag("--version", fmt::format("uring-bench {}", kVersion));
    app_.allow_extras();  // refused in describe_extra(), with the name that was meant
    app_.require_subcommand(0, 1);
    app_.footer(
        "Example:\n  uring-bench cluster socket passthru direct --body 1M,10M --repeats 5\n\n"
        "uring-bench COMMAND --help describes a command's own options.");
    Flags flags{app_, options_};
    flags.declare_server();
    flags.declare_load("workers",
                       "checksum every measured request, not only the first of each connection");
    flags.declare_experiment();
    flags.declare_output();
  }

  void declare_serve() {
    serve_ =
        add_command("serve", "Runs only the server, in the foreground, until SIGINT or SIGTERM",
                    "uring-bench serve socket --workers 4 --listen 127.0.0.1:8080");
    serve_->add_option("MODE", served_mode_, "how requests reach the workers")->required();
    Flags flags{*serve_, options_};
    flags.declare_server();
    flags.declare_serving();
  }

  void declare_load() {
    load_ = add_command("load", "Runs only the client, against any HTTP/1.1 server",
                        "uring-bench load http://127.0.0.1:8080/ --body 0 --reuse yes -d 5s");
    load_
        ->add_option("URL", options_.url,
                     "http://HOST:PORT/PATH, HOST is numeric or localhost; or unix:PATH")
        ->required();
    Flags flags{*load_, options_};
    flags.declare_load("4", "checksum every request; only uring-bench's own server knows how");
    flags.declare_headers();
    flags.declare_server_processes();
    flags.declare_output();
  }

  void declare_compare() {
    compare_ = add_command("compare", "Compares the rows of two files, cell by cell",
                           "uring-bench compare before.csv after.csv --metric cpu/req,p99");
    Flags flags{*compare_, options_};
    flags.declare_comparison();
    flags.declare_color();
  }

  void declare_micro() {
    micro_ = add_command("micro", "Measures the kernel operations that the modes are made of",
                         "uring-bench micro nop fd-pass-1 --repeats 10");
    micro_->add_option("NAME", options_.micros, "operations: " + micro_names() + "; default: all")
        ->type_name("");
    Flags flags{*micro_, options_};
    flags.declare_window("operations");
    flags.declare_repeats();
    flags.declare_rows();
    flags.declare_quiet();
  }

  void declare_sweep() {
    sweep_ = add_command(
        "sweep", "Measures the same cells under each kernel, in virtual machines",
        "uring-bench sweep --kernel /boot/vmlinuz-6.1.0 --kernel vmlinuz-6.12 --repeats 3\n"
        "  uring-bench sweep --kernel vmlinuz-6.12 --accel tcg -- socket cluster -b 4K -n 500");
    Flags flags{*sweep_, options_};
    flags.declare_sweep();
    flags.declare_quiet();
  }

  // What follows `--` is for the guests' command lines.
  void cut_guest_arguments(std::vector<std::string>& arguments) {
    const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
    if (dashes == arguments.end()) return;
    options_.sweep.guest.assign(dashes + 1, arguments.end());
    arguments.erase(dashes, arguments.end());
  }

  static std::string micro_names() {
    std::string names;
    for (const Micro& micro : all_micros()) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", micro.name);
    }
    return names;
  }

  void declare_report() {
    report_ = add_command("report", "What the rows of any number of files say: Markdown, JSON, a page",
                          "uring-bench report results/*.csv -o report");
    report_
        ->add_option("FILE", options_.report.files,
                     "CSV files of rows: of several kernels, or of several runs")
        ->required();
    report_
        ->add_option("-o,--output", options_.report.folder,
                     "folder for index.html, a page that needs nothing else, and report.md; "
                     "without it the tables go to standard output, in Markdown")
        ->type_name("DIR");
    report_
        ->add_option("--json", options_.json,
                     "file for all medians, intervals and rows in JSON; - is stdout, and so is no "
                     "name")
        ->type_name("FILE")
        ->expected(0, 1)
        ->default_str("-");
  }

  CLI::App* add_command(const std::string& name, const std::string& summary,
                        const std::string& example) {
    CLI::App* const command = app_.add_subcommand(name, summary);
    command->footer("Example:\n  " + example);
    command->allow_extras();
    return command;
  }

  // The command that was chosen; the app itself for a run.
  [[nodiscard]] const CLI::App& chosen() const {
    const auto commands = app_.get_subcommands();
    return commands.empty() ? app_ : *commands.front();
  }

  // The first argument that no option or operand took, and the option that was probably meant.
  [[nodiscard]] std::string describe_extra() const {
    for (const std::string& extra : app_.remaining(true)) {
      if (extra == "--") continue;
      if (!extra.starts_with('-')) return fmt::format("unexpected argument '{}'", hide_user(extra));
      std::vector<std::string> names;
      for (const CLI::Option* const option : chosen().get_options()) {
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
      }
      const std::vector<std::string_view> views(names.begin(), names.end());
      const std::string typed = extra.substr(0, extra.find('='));
      const std::string_view nearest = nearest_name(typed, views);
      if (nearest.empty()) return fmt::format("unknown option {}", typed);
      return fmt::format("unknown option {}, did you mean {}?", typed, nearest);
    }
    return {};
  }

  [[nodiscard]] ParseError usage_error(const std::string& what) const {
    const std::string& command = chosen().get_name();
    const bool is_run = &chosen() == &app_;
    return {0, fmt::format("{} (see uring-bench{}{} --help)", what, is_run ? "" : " ",
                           is_run ? "" : command)};
  }

  Options options_;
  std::string served_mode_;
  CLI::App app_;
  CLI::App* serve_ = nullptr;
  CLI::App* load_ = nullptr;
  CLI::App* doctor_ = nullptr;
  CLI::App* compare_ = nullptr;
  CLI::App* micro_ = nullptr;
  CLI::App* sweep_ = nullptr;
  CLI::App* report_ = nullptr;
  CLI::App* list_modes_ = nullptr;
  CLI::App* list_columns_ = nullptr;
};

}  // namespace

std::variant<Options, HelpText, ParseError> parse_options(
    const std::vector<std::string>& arguments) {
  return Parser{}.parse(arguments);
}

}  // namespace urb
