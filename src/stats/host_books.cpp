// /proc/stat, /proc/<pid>/stat and the clocks of processes.
#include "stats/host_books.hpp"

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <system_error>

#include "base/clock.hpp"
#include "base/small_files.hpp"

namespace urb {
namespace {

constexpr Nanos kTick = std::chrono::milliseconds{10};  // USER_HZ is 100 on every architecture here

Nanos of_ticks(std::uint64_t ticks) noexcept { return kTick * static_cast<std::int64_t>(ticks); }

// user nice system idle iowait irq softirq steal. Guest time is in user already.
void add_line(HostTime& sum, std::istringstream& fields) {
  std::array<std::uint64_t, 8> ticks{};
  for (std::uint64_t& field : ticks) fields >> field;
  ++sum.cpus;
  sum.idle += of_ticks(ticks[3] + ticks[4]);
  sum.interrupts += of_ticks(ticks[5] + ticks[6]);
  sum.steal += of_ticks(ticks[7]);
}

bool has(std::span<const unsigned> allowed, unsigned cpu) {
  return allowed.empty() || std::find(allowed.begin(), allowed.end(), cpu) != allowed.end();
}

// Threads that finish what others began: their time belongs to no process of its own.
bool is_deferred_work(std::string_view name) noexcept {
  return name.starts_with("ksoftirqd/") || name.starts_with("kworker/") ||
         name.starts_with("rcu") || name.starts_with("irq/");
}

// The clock of another process.
std::optional<Nanos> read_process_clock(pid_t pid) noexcept {
  clockid_t clock = 0;
  timespec now{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &now) != 0) return std::nullopt;
  return std::chrono::seconds{now.tv_sec} + Nanos{now.tv_nsec};
}

using Key = std::pair<pid_t, std::uint64_t>;
Key key_of(const ProcessTime& process) { return {process.pid, process.started_at}; }

struct OthersUse {
  Nanos own_children{0};
  Nanos foreign{0};
  Nanos kernel_work{0};
  const ProcessTime* busiest = nullptr;
  Nanos busiest_used{0};
};

using ProcessesByKey = std::map<Key, const ProcessTime*>;

std::map<pid_t, pid_t> parents_of(const ProcessesByKey& processes) {
  std::map<pid_t, pid_t> parents;
  for (const auto& [key, process] : processes) parents.emplace(process->pid, process->parent);
  return parents;
}

// Who has reaped them one after the other: cc1plus ends, then cc, and their time is make's.
pid_t surviving_ancestor(pid_t parent, const std::map<pid_t, pid_t>& gone_parents) {
  // As many steps as there are processes: a number that was used twice could make a ring.
  for (std::size_t step = 0; step < gone_parents.size(); ++step) {
    const auto gone = gone_parents.find(parent);
    if (gone == gone_parents.end()) break;
    parent = gone->second;
  }
  return parent;
}

// A process that ended has given all its time to whoever reaped it, also that from before.
OthersUse use_of_others(const HostBooks& begin, const HostBooks& end, std::span<const pid_t> own,
                        std::span<const unsigned> allowed) {
  const auto is_named = [own](pid_t pid) {
    return std::find(own.begin(), own.end(), pid) != own.end();
  };
  const auto is_own = [&](const ProcessTime& process) {
    return is_named(process.pid) || (!own.empty() && process.parent == own.front());
  };
  ProcessesByKey before;
  for (const ProcessTime& process : begin.processes) before.emplace(key_of(process), &process);
  OthersUse use;
  std::map<pid_t, Nanos> reaped_by;
  for (const ProcessTime& process : end.processes) {
    const auto found = before.find(key_of(process));
    const ProcessTime* const earlier = found == before.end() ? nullptr : found->second;
    if (earlier != nullptr) before.erase(found);
    const Nanos used = process.used - (earlier == nullptr ? Nanos{0} : earlier->used);
    if (is_own(process)) {
      if (!is_named(process.pid)) use.own_children += used;
      continue;
    }
    reaped_by[process.pid] += process.reaped - (earlier == nullptr ? Nanos{0} : earlier->reaped);
    if (!has(allowed, process.cpu)) continue;
    (process.is_kernel_work ? use.kernel_work : use.foreign) += used;
    if (process.is_kernel_work || used <= use.busiest_used) continue;
    use.busiest = &process;
    use.busiest_used = used;
  }
  // What nobody waited for is in nobody's account, and must not lessen another's.
  const auto gone_parents = parents_of(before);
  for (const auto& [key, gone] : before) {
    reaped_by[surviving_ancestor(gone->parent, gone_parents)] -= gone->used + gone->reaped;
  }
  for (const auto& [reaper, time] : reaped_by) use.foreign += std::max(Nanos{0}, time);
  return use;
}

}  // namespace

std::optional<HostTime> parse_host_time(std::string_view text, std::span<const unsigned> allowed) {
  HostTime sum;
  std::uint64_t cpu_count = 0;
  std::istringstream lines{std::string{text}};
  for (std::string line; std::getline(lines, line) && line.starts_with("cpu");) {
    std::istringstream fields{line};
    std::string name;
    fields >> name;
    unsigned cpu = 0;
    const char* const end = name.data() + name.size();
    const bool is_one = std::from_chars(name.data() + 3, end, cpu).ec == std::errc{};
    cpu_count += is_one ? 1 : 0;
    // The line of all has been rounded once, and not once for each CPU.
    if (allowed.empty() ? !is_one : is_one && has(allowed, cpu)) add_line(sum, fields);
  }
  if (allowed.empty()) sum.cpus = cpu_count;
  if (sum.cpus == 0 || (!allowed.empty() && sum.cpus != allowed.size())) return std::nullopt;
  return sum;
}

std::optional<HostTime> sample_host_time(std::span<const unsigned> allowed) {
  const std::string text = read_small_file("/proc/stat");
  std::optional<HostTime> time = parse_host_time(text, allowed);
  if (time) time->at = monotonic_now();
  return time;
}

std::optional<ProcessTime> parse_process_time(std::string_view stat) {
  // The name may hold spaces and brackets, so what follows begins behind its last bracket.
  const std::size_t open = stat.find('(');
  const std::size_t close = stat.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos) return std::nullopt;
  ProcessTime process;
  process.name = std::string{stat.substr(open + 1, close - open - 1)};
  std::istringstream fields{std::string{stat.substr(close + 1)}};
  std::string state;
  fields >> state;
  // From the fourth on (proc_pid_stat(5)): flags, cutime, cstime, starttime and processor are
  // the 9th, 16th, 17th, 22nd and 39th.
  constexpr int kFirst = 4;
  constexpr std::int64_t kKernelThread = 0x00200000;  // PF_KTHREAD
  std::array<std::int64_t, 40> field{};
  for (std::size_t place = kFirst; place < field.size(); ++place) {
    if (fields >> field.at(place)) continue;
    if (fields.eof()) return std::nullopt;
    fields.clear();  // unsigned, and larger than any signed one: it was read, and is of no interest
  }
  process.parent = static_cast<pid_t>(field[4]);
  process.reaped = of_ticks(static_cast<std::uint64_t>(field[16] + field[17]));
  process.started_at = static_cast<std::uint64_t>(field[22]);
  process.cpu = static_cast<unsigned>(field[39]);
  process.is_kernel_work = (field[9] & kKernelThread) != 0 && is_deferred_work(process.name);
  return process;
}

std::vector<ProcessTime> sample_process_times() {
  std::vector<ProcessTime> processes;
  std::error_code error;
  std::filesystem::directory_iterator entry{"/proc", error};
  for (; !error && entry != std::filesystem::directory_iterator{}; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    pid_t pid = 0;
    const char* const end = name.data() + name.size();
    if (std::from_chars(name.data(), end, pid).ptr != end || pid <= 0) continue;
    std::optional<ProcessTime> process =
        parse_process_time(read_small_file("/proc/" + name + "/stat"));
    const std::optional<Nanos> used = read_process_clock(pid);
    if (!process || !used) continue;  // it has ended
    process->pid = pid;
    process->used = *used;
    processes.push_back(*std::move(process));
  }
  return processes;
}

std::optional<HostUse> use_between(const HostBooks& begin, const HostBooks& end,
                                   std::span<const pid_t> own, double own_s,
                                   std::span<const unsigned> allowed, bool interrupts_apart) {
  if (!begin.time || !end.time || end.time->at <= begin.time->at) return std::nullopt;
  HostUse use;
  use.capacity_s = to_seconds(end.time->at - begin.time->at) * static_cast<double>(end.time->cpus);
  use.busy_s = std::clamp(use.capacity_s - to_seconds(end.time->idle - begin.time->idle), 0.0,
                          use.capacity_s);
  const OthersUse others = use_of_others(begin, end, own, allowed);
  use.own_s = own_s + to_seconds(others.own_children);
  use.steal_s = to_seconds(end.time->steal - begin.time->steal);
  use.foreign_s = to_seconds(others.foreign);
  use.others_s = to_seconds(others.foreign + others.kernel_work);
  const double rest_s = use.busy_s - use.own_s - use.steal_s - use.foreign_s;
  use.interrupts_s = std::max(rest_s, to_seconds(others.kernel_work));
  // The steps of the books weigh on short windows.
  double interrupts_max_s = kRestMax * use.capacity_s + 2 * to_seconds(kTick);
  if (interrupts_apart) {
    interrupts_max_s += to_seconds(end.time->interrupts - begin.time->interrupts);
  }
  if (use.interrupts_s > interrupts_max_s) {
    use.foreign_s += use.interrupts_s - interrupts_max_s;
    use.interrupts_s = interrupts_max_s;
  }
  if (others.busiest != nullptr) {
    const double wall_s = to_seconds(end.time->at - begin.time->at);
    use.busiest = fmt::format("{} (pid {}) {:.2f} CPUs", others.busiest->name, others.busiest->pid,
                              to_seconds(others.busiest_used) / wall_s);
  }
  return use;
}

}  // namespace urb
