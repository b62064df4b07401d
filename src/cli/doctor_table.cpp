// The tables of `doctor`.
#include "cli/doctor_table.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <vector>

#include "mode/listener_group.hpp"
#include "net/kernel_tls.hpp"
#include "probe/cgroup.hpp"
#include "probe/host.hpp"
#include "process/command.hpp"
#include "tls/serving.hpp"
#include "uring/lock_try.hpp"

namespace urb {
namespace {

using Line = std::vector<std::string>;

// Columns as wide as they have to be; the last one is not filled up.
std::string format_lines(const std::vector<Line>& lines) {
  std::vector<std::size_t> widths(lines.front().size());
  for (const Line& line : lines) {
    for (std::size_t column = 0; column + 1 < line.size(); ++column) {
      widths[column] = std::max(widths[column], line[column].size());
    }
  }
  std::string text;
  for (const Line& line : lines) {
    std::string written;
    for (std::size_t column = 0; column < line.size(); ++column) {
      written += fmt::format("  {:<{}}", line[column], widths[column]);
    }
    text += written.substr(0, written.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

// The first line of a file below /proc/sys; empty where there is none.
std::string read_setting(const std::string& name) {
  std::ifstream file{"/proc/sys/" + name};
  std::string line;
  std::getline(file, line);
  std::replace(line.begin(), line.end(), '\t', ' ');
  return line;
}

// A setting that is one number; the largest one for "no such setting", which limits nothing.
std::uint64_t to_number(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end != text.data() ? value
                                                    : std::numeric_limits<std::uint64_t>::max();
}

std::string value_or_none(const std::string& text) { return text.empty() ? "unknown" : text; }

Line limit_line(const char* name, int resource, rlim_t enough, const char* needed_by,
                const char* remedy) {
  rlimit limit{};
  getrlimit(resource, &limit);
  const auto text = [](rlim_t value) {
    return value == RLIM_INFINITY ? std::string{"unlimited"} : fmt::format("{}", value);
  };
  return {name, fmt::format("{} (hard {})", text(limit.rlim_cur), text(limit.rlim_max)), needed_by,
          limit.rlim_cur >= enough ? "ok" : remedy};
}

Line setting_line(const char* name, const char* file, std::uint64_t enough, const char* needed_by,
                  const char* remedy) {
  const std::string value = read_setting(file);
  return {name, value_or_none(value), needed_by, to_number(value) >= enough ? "ok" : remedy};
}

// Limits count processes and threads alike, and a container has one of its own.
Line thread_line(const Obstacles& obstacles) {
  Line line = limit_line("processes (ulimit -u)", RLIMIT_NPROC, 0, "workers, --relay linked", "");
  std::ifstream file{"/sys/fs/cgroup/pids.max"};
  if (std::string most; std::getline(file, most)) line[1] += ", cgroup pids.max " + most;
  for (const std::string& problem : {obstacles.splices, obstacles.processes}) {
    if (!problem.empty()) line.back() = problem;
  }
  return line;
}

// Whether the kernel takes a program for the workers' listeners is tried.
Line program_line(Policy policy, const char* name, const char* needed_by) {
  const std::string problem = find_policy_obstacle(policy);
  return {name, problem.empty() ? "allowed" : "refused", needed_by,
          problem.empty() ? "ok" : problem};
}

Line quota_line() {
  const std::optional<double> quota = find_cpu_quota(getpid());
  const bool is_enough = !quota || *quota >= static_cast<double>(probe_host().cpus);
  return {"CPU quota (cgroup)", quota ? fmt::format("{:.3g} CPUs", *quota) : "none",
          "every measurement", is_enough ? "ok" : "docker --cpus, or cpu.max of the group"};
}

}  // namespace

std::string format_feature_table(Features here) {
  std::vector<Line> lines{{"feature", "since", "here", "needed by", "without it"}};
  for (const FeatureFacts& facts : all_features()) {
    std::vector<std::string_view> modes;
    for (const Mode* const mode : all_modes()) {
      if (mode->needs.has(facts.feature)) modes.push_back(mode->name);
    }
    std::vector<std::string_view> users = modes;
    if (!facts.used_by.empty()) users.insert(users.begin(), facts.used_by);
    std::string without{facts.without};
    if (!modes.empty()) {
      without += fmt::format("{}no {}", without.empty() ? "" : "; ", fmt::join(modes, ", "));
    }
    lines.push_back({std::string{facts.name}, std::string{facts.since},
                     here.has(facts.feature) ? "yes" : "no",
                     fmt::format("{}", fmt::join(users, ", ")), without});
  }
  return format_lines(lines);
}

std::string format_answer(const std::optional<KernelAnswer>& answer) {
  if (!answer) return {};
  return fmt::format(
      "  asked, this kernel says: {} requests, {} registrations, features {:#x}, setup flags "
      "{:#x}, "
      "enter flags {:#x}, request flags {:#x}\n",
      answer->requests, answer->registrations, answer->features, answer->setup_flags,
      answer->enter_flags, answer->sqe_flags);
}

std::string format_limit_table(const Obstacles& obstacles, const std::string& loopback_problem) {
  // Enough for some hundred connections.
  constexpr rlim_t kFds = 1024;
  constexpr std::uint64_t kListenQueue = 1024;
  constexpr std::uint64_t kPipePages = 16384;
  std::vector<Line> lines{{"limit", "here", "needed by", "remedy"}};
  // Root may make rings where the setting is 1.
  const std::string disabled = read_setting("kernel/io_uring_disabled");
  lines.push_back({"io_uring_disabled", value_or_none(disabled), "everything",
                   disabled.empty() || disabled == "0" || obstacles.rings.empty()
                       ? "ok"
                       : "sysctl kernel.io_uring_disabled=0"});
  lines.push_back(limit_line("descriptors (ulimit -n)", RLIMIT_NOFILE, kFds,
                             "a connection has one at each end", "ulimit -n 65536"));
  Line locked =
      limit_line("locked bytes (ulimit -l)", RLIMIT_MEMLOCK, 0, "rings, registered buffers", "");
  // A privilege lifts the limit, and other processes of this user use it up: so it is tried.
  locked.back() = can_lock(locked_bytes({}, true)) ? "ok" : "ulimit -l 65536, or --buffers plain";
  lines.push_back(std::move(locked));
  lines.push_back(thread_line(obstacles));
  lines.push_back({"loopback", loopback_problem.empty() ? "connects" : "does not connect",
                   "every trial", loopback_problem.empty() ? "ok" : loopback_problem});
  lines.push_back(setting_line("somaxconn", "net/core/somaxconn", kListenQueue,
                               "many connections at once", "sysctl net.core.somaxconn=4096"));
  lines.push_back(setting_line("pipe-user-pages-soft", "fs/pipe-user-pages-soft", kPipePages,
                               "--relay linked, sync",
                               "sysctl fs.pipe-user-pages-soft=16384, or --relay copy"));
  lines.push_back({"ip_local_port_range",
                   value_or_none(read_setting("net/ipv4/ip_local_port_range")),
                   "connections without reuse", "ok"});
  lines.push_back(
      program_line(Policy::least, "BPF programs (CAP_BPF)", "direct --policy rr, least"));
  lines.push_back(quota_line());
  return format_lines(lines);
}

std::string format_tls_table() {
  const std::string library = tls::library();
  std::vector<Line> lines{{"TLS", "here", "needed by", "remedy"}};
  lines.push_back({"library", library.empty() ? "none" : library, "--tls, load https://…",
                   library.empty() ? "apt-get install libssl-dev, then build again" : "ok"});
  const std::string problem = find_kernel_tls_obstacle();  // which may load the module
  lines.push_back({"TLS by the kernel", problem.empty() ? "yes" : "no", "--tls ktls",
                   problem.empty() ? "ok" : problem});
  const tls::Serving by_kernel{.kind = tls::Kind::ktls};
  const std::string limit = tls::describe_limit(by_kernel);
  if (!library.empty()) {
    lines.push_back({"versions for it", limit.empty() ? "1.2, 1.3" : "1.2", "--tls ktls",
                     limit.empty() ? "ok" : limit});
  }
  return format_lines(lines);
}

std::string format_program_table() {
  struct Program {
    const char* name;
    const char* needed_by;
    const char* package;  ///< in Debian
  };
  constexpr Program kPrograms[] = {
      {"ab", "--client ab", "apache2-utils"},
      {"qemu-system-x86_64", "sweep", "qemu-system-x86"},
  };
  std::vector<Line> lines{{"program", "here", "needed by", "remedy"}};
  for (const Program& program : kPrograms) {
    const bool is_here = !find_program(program.name).empty();
    lines.push_back({program.name, is_here ? "yes" : "no", program.needed_by,
                     is_here ? "ok" : fmt::format("apt-get install {}", program.package)});
  }
  return format_lines(lines);
}

}  // namespace urb
