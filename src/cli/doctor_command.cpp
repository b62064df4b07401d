// `doctor`: what this machine is, which modes it runs, and what to mend before measuring.
#include <fmt/format.h>

#include <string>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/doctor_table.hpp"
#include "cli/host_line.hpp"
#include "experiment/floor.hpp"
#include "experiment/relay_crossing.hpp"
#include "experiment/runner.hpp"
#include "mode/mode.hpp"
#include "probe/loopback.hpp"
#include "report/console.hpp"
#include "server/server.hpp"

namespace urb {
namespace {

void print_line(std::string_view name, std::string_view text) {
  write_text(stdout, fmt::format("  {:<24} {}\n", name, text));
}

// True when the mode starts here, and can be reached.
bool print_mode(const Mode& mode, const std::string& loopback_problem) {
  ServerConfig config;
  config.mode = mode.name;
  try {
    const Server probe{config};
    print_line(mode.name, loopback_problem.empty() ? "runs" : loopback_problem);
    return loopback_problem.empty();
  } catch (const std::exception& error) {
    print_line(mode.name, error.what());
    return false;
  }
}

void print_kernel() {
  write_text(stdout,
             "\nio_uring, each feature found out by trying it; the other way is taken by itself\n");
  try {
    write_text(stdout, format_feature_table(kernel_features()));
  } catch (const Unsupported& error) {
    print_line("none", error.what());
  }
}

}  // namespace

int run_doctor(const Options& options) {
  const Host host = probe_host();
  write_text(stdout,
             fmt::format("{}\n\nModes, each found out by starting it\n", format_host_line(host)));
  const std::string loopback_problem = find_loopback_problem();
  bool any_runs = false;
  for (const Mode* const mode : all_modes()) {
    any_runs = print_mode(*mode, loopback_problem) || any_runs;
  }

  print_kernel();
  write_text(stdout, fmt::format("\nLimits\n{}\nPrograms\n{}", format_limit_table(),
                                 format_program_table()));

  if (any_runs)
    write_text(stdout, fmt::format("\nThe tool's own floor: {}\n", format_floor(measure_floor())));
  if (options.calibrate && loopback_problem.empty()) {
    constexpr int kRounds = 301;  // some 200 ms
    write_text(stdout,
               fmt::format("\nThe relay, CPU time of one transfer and of reading it behind\n{}",
                           format_crossing(measure_relay_costs(kRounds))));
  }
  const Warnings warnings = find_run_warnings(host, running_build(), kRepeatsEnough);
  if (!warnings.empty()) write_text(stdout, "\n");
  for (const Warning warning : warnings)
    write_text(stdout, fmt::format("warning: {}\n", text_of(warning)));
  return any_runs ? kExitOk : kExitUnsupported;
}

}  // namespace urb
