// `doctor`: what this machine is, which modes it runs, and what to mend before measuring.
#include <fmt/format.h>
#include <sys/resource.h>

#include <fstream>
#include <string>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/host_line.hpp"
#include "experiment/floor.hpp"
#include "experiment/relay_crossing.hpp"
#include "experiment/runner.hpp"
#include "mode/mode.hpp"
#include "server/server.hpp"

namespace urb {
namespace {

// The first line of a file below /proc/sys; "unknown" where there is none.
std::string read_setting(const std::string& name) {
  std::ifstream file{"/proc/sys/" + name};
  std::string line;
  return std::getline(file, line) ? line : "unknown";
}

std::string format_limit(int resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return "unknown";
  const auto text = [](rlim_t value) {
    return value == RLIM_INFINITY ? std::string{"unlimited"} : fmt::format("{}", value);
  };
  return fmt::format("{} (hard {})", text(limit.rlim_cur), text(limit.rlim_max));
}

void print_line(std::string_view name, std::string_view text) {
  fmt::print("  {:<24} {}\n", name, text);
}

// True when the mode starts here.
bool print_mode(const Mode& mode) {
  ServerConfig config;
  config.mode = mode.name;
  try {
    const Server probe{config};
    print_line(mode.name, "runs");
    return true;
  } catch (const std::exception& error) {
    print_line(mode.name, error.what());
    return false;
  }
}

}  // namespace

int run_doctor(const Options& options) {
  const Host host = probe_host();
  fmt::print("{}\n\nModes, each found out by starting it\n", format_host_line(host));
  bool any_runs = false;
  for (const Mode* const mode : all_modes()) any_runs = print_mode(*mode) || any_runs;

  fmt::print("\nLimits\n");
  print_line("descriptors (ulimit -n)", format_limit(RLIMIT_NOFILE));
  print_line("locked bytes (ulimit -l)", format_limit(RLIMIT_MEMLOCK));
  for (const char* const name :
       {"net/core/somaxconn", "net/ipv4/ip_local_port_range", "fs/pipe-user-pages-soft"}) {
    print_line(name, read_setting(name));
  }

  if (any_runs) fmt::print("\nThe tool's own floor: {}\n", format_floor(measure_floor()));
  if (options.calibrate) {
    constexpr int kRounds = 301;  // some 200 ms
    fmt::print("\nThe relay, CPU time of one transfer and of reading it behind\n{}",
               format_crossing(measure_relay_costs(kRounds)));
  }
  const Warnings warnings = find_run_warnings(host, running_build(), kRepeatsEnough);
  if (!warnings.empty()) fmt::print("\n");
  for (const Warning warning : warnings) fmt::print("warning: {}\n", text_of(warning));
  return any_runs ? kExitOk : kExitUnsupported;
}

}  // namespace urb
