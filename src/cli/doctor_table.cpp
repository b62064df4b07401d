// The tables of `doctor`.
#include "cli/doctor_table.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <stdexcept>
#include <vector>

#include "base/error.hpp"
#include "cli/options.hpp"
#include "probe/cgroup.hpp"
#include "probe/host.hpp"
#include "probe/loopback.hpp"
#include "process/child.hpp"
#include "uring/kernel_thread.hpp"
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

struct FeatureFacts {
  Feature feature;
  const char* since;  ///< in mainline; distributions backport
  const char* needed_by;
  const char* without;
};

// Since when: the manual pages of liburing 2.15, and for no_sqarray and socket_command the kernels'
// release notes. The order is that of the enumeration.
constexpr std::array<FeatureFacts, kFeatureCount> kFeatureFacts{{
    {Feature::submit_all, "5.18", "every ring", "one more call after a request that fails at once"},
    {Feature::coop_taskrun, "5.19", "rings without defer_taskrun", "interrupts for completions"},
    {Feature::single_issuer, "6.0", "every ring", "locks in the kernel"},
    {Feature::defer_taskrun, "6.1", "every ring, msgring*", "coop_taskrun; no msgring*"},
    {Feature::no_sqarray, "6.6", "every ring", "one indirection more at each submission"},
    {Feature::ring_fd, "5.18", "every ring", "a look-up of the descriptor at each call"},
    {Feature::sync_cancel, "6.0", "the end of every ring", "each request is cancelled by itself"},
    {Feature::accept_multishot, "5.19", "every listener",
     "one ACCEPT for each connection; no msgring*"},
    {Feature::recv_multishot, "6.0", "channels, --buffers provided",
     "one RECVMSG for each message; no --buffers provided"},
    {Feature::send_waitall, "5.19", "passthru", "no passthru"},
    {Feature::iowq_limit, "5.15", "passthru --relay linked", "a kernel thread for each transfer"},
    {Feature::msg_ring_fd, "6.3", "msgring*", "no msgring*"},
    {Feature::socket_command, "6.7", "msgring* with large bodies", "more wake-ups for each body"},
}};

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

// Root may make rings where the setting is 1.
bool can_make_ring() {
  try {
    static_cast<void>(kernel_features());
    return true;
  } catch (const Unsupported&) {
    return false;
  }
}

// As many processes as a server has with the default number of workers, then a kernel thread.
void start_some_processes() {
  std::vector<Child> processes;
  for (unsigned count = 0; count < 1 + Options{}.workers; ++count) {
    processes.emplace_back("urb-try", SIGKILL, [] { return pause(); });
  }
  require_kernel_thread("use --relay sync or copy");
}

// Limits count processes and threads alike, and a container has one of its own.
Line make_thread_line() {
  Line line =
      limit_line("processes (ulimit -u)", RLIMIT_NPROC, 0, "workers, passthru --relay linked", "");
  std::ifstream file{"/sys/fs/cgroup/pids.max"};
  if (std::string most; std::getline(file, most)) line[1] += ", cgroup pids.max " + most;
  try {
    start_some_processes();
  } catch (const std::runtime_error& error) {
    line.back() = error.what();
  }
  return line;
}

Line quota_line() {
  const std::optional<double> quota = find_cpu_quota(getpid());
  const bool is_enough = !quota || *quota >= static_cast<double>(probe_host().cpus);
  return {"CPU quota (cgroup)", quota ? fmt::format("{:.3g} CPUs", *quota) : "none",
          "every measurement", is_enough ? "ok" : "docker --cpus, or cpu.max of the group"};
}

bool is_in_path(const char* program) {
  const char* const path = std::getenv("PATH");
  std::string folders = path == nullptr ? "/usr/bin:/bin" : path;
  while (!folders.empty()) {
    const std::string folder = folders.substr(0, folders.find(':'));
    folders.erase(0, std::min(folders.size(), folder.size() + 1));
    if (access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace

std::string format_feature_table(Features here) {
  std::vector<Line> lines{{"feature", "since", "here", "needed by", "without it"}};
  for (const FeatureFacts& facts : kFeatureFacts) {
    lines.push_back({std::string{name_of(facts.feature)}, facts.since,
                     here.has(facts.feature) ? "yes" : "no", facts.needed_by, facts.without});
  }
  return format_lines(lines);
}

std::string format_limit_table() {
  // Enough for some hundred connections.
  constexpr rlim_t kFds = 1024;
  // What the default run locks: 2 MiB of the master's, 1.25 MiB of each of four workers.
  constexpr rlim_t kLocked = 7 * 1024 * 1024;
  constexpr const char* kLockedRemedy = "ulimit -l 65536, or --buffers plain";
  constexpr std::uint64_t kListenQueue = 1024;
  constexpr std::uint64_t kPipePages = 16384;
  std::vector<Line> lines{{"limit", "here", "needed by", "remedy"}};
  const std::string disabled = read_setting("kernel/io_uring_disabled");
  lines.push_back({"io_uring_disabled", value_or_none(disabled), "everything",
                   disabled.empty() || disabled == "0" || can_make_ring()
                       ? "ok"
                       : "sysctl kernel.io_uring_disabled=0"});
  lines.push_back(limit_line("descriptors (ulimit -n)", RLIMIT_NOFILE, kFds,
                             "a connection has one at each end", "ulimit -n 65536"));
  Line locked = limit_line("locked bytes (ulimit -l)", RLIMIT_MEMLOCK, kLocked,
                           "rings, registered buffers", kLockedRemedy);
  // A privilege lifts the limit, and other processes of this user use it up: so it is tried.
  locked.back() = can_lock(kLocked) ? "ok" : kLockedRemedy;
  lines.push_back(std::move(locked));
  lines.push_back(make_thread_line());
  const std::string loopback = find_loopback_problem();
  lines.push_back({"loopback", loopback.empty() ? "connects" : "does not connect", "every trial",
                   loopback.empty() ? "ok" : loopback});
  lines.push_back(setting_line("somaxconn", "net/core/somaxconn", kListenQueue,
                               "many connections at once", "sysctl net.core.somaxconn=4096"));
  lines.push_back(setting_line("pipe-user-pages-soft", "fs/pipe-user-pages-soft", kPipePages,
                               "passthru --relay linked, sync",
                               "sysctl fs.pipe-user-pages-soft=16384, or --relay copy"));
  lines.push_back({"ip_local_port_range",
                   value_or_none(read_setting("net/ipv4/ip_local_port_range")),
                   "connections without reuse", "ok"});
  lines.push_back(quota_line());
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
    const bool is_here = is_in_path(program.name);
    lines.push_back({program.name, is_here ? "yes" : "no", program.needed_by,
                     is_here ? "ok" : fmt::format("apt-get install {}", program.package)});
  }
  return format_lines(lines);
}

}  // namespace urb
