// `doctor`: what this machine is, which modes it runs, and what to mend before measuring.
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/doctor_table.hpp"
#include "cli/host_line.hpp"
#include "experiment/floor.hpp"
#include "experiment/mode_choice.hpp"
#include "experiment/runner.hpp"
#include "probe/loopback.hpp"
#include "report/console.hpp"

namespace urb {
namespace {

// True when a mode runs here, and can be reached.
bool print_modes(const ServerConfig& server, const Obstacles& obstacles,
                 const std::string& loopback_problem) {
  bool any_runs = false;
  for (const Mode* const mode : all_modes()) {
    std::string problem = find_obstacle(*mode, server.relay, obstacles);
    if (problem.empty()) problem = loopback_problem;
    any_runs = any_runs || problem.empty();
    write_text(stdout,
               fmt::format("  {:<24} {}\n", mode->name, problem.empty() ? "runs" : problem));
  }
  return any_runs;
}

int run_doctor() {
  const ServerConfig server;
  const Host host = probe_host();
  const Obstacles obstacles = find_obstacles(server);
  const std::string loopback_problem = find_loopback_problem();
  write_text(stdout, fmt::format("{}\n\nModes, by what they need\n", format_host_line(host)));
  const bool any_runs = print_modes(server, obstacles, loopback_problem);
  write_text(
      stdout,
      fmt::format("\nio_uring, each feature found out by trying it; the other way is taken by "
                  "itself\n{}\nLimits\n{}\nTLS\n{}\nPrograms\n{}",
                  obstacles.rings.empty()
                      ? format_feature_table(obstacles.features) + format_answer(query_kernel())
                      : fmt::format("  none: {}\n", obstacles.rings),
                  format_limit_table(obstacles, loopback_problem), format_tls_table(),
                  format_program_table()));

  if (any_runs)
    write_text(stdout, fmt::format("\nThe tool's own floor: {}\n", format_floor(measure_floor())));
  const Warnings warnings = find_run_warnings(host, running_build(), kRepeatsEnough);
  if (!warnings.empty()) write_text(stdout, "\n");
  for (const Warning warning : warnings)
    write_text(stdout, fmt::format("warning: {}\n", text_of(warning)));
  return any_runs ? kExitOk : kExitUnsupported;
}

}  // namespace

extern const Command command_doctor;
const Command command_doctor{.name = "doctor",
                             .summary = "Says what this kernel and these limits allow",
                             .examples = "  uring-bench doctor\n",
                             .declare = [](Flags&) { return make_action(run_doctor); }};

}  // namespace urb
