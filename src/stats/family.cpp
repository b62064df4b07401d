// Walks /proc/<pid>/task/<tid>/children.
#include "stats/family.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <system_error>

namespace urb {
namespace {

namespace fs = std::filesystem;

enum class Sight : std::uint8_t { seen, gone, hidden };

// EPERM is the answer of a process that exists.
bool exists(pid_t pid) noexcept { return kill(pid, 0) == 0 || errno == EPERM; }

bool is_proc_ours() {
  std::error_code error;
  return fs::read_symlink("/proc/self", error).string() == std::to_string(getpid());
}

Sight read_relative(pid_t pid, Relative& relative) {
  std::ifstream file{fmt::format("/proc/{}/stat", pid)};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  const auto parsed = parse_relative(text);
  if (!parsed) return exists(pid) ? Sight::hidden : Sight::gone;
  relative.pid = pid;
  relative.started_at = parsed->started_at;
  relative.reaped_faults = parsed->reaped_faults;
  return Sight::seen;
}

// A thread may end between its listing and the look at its children.
Sight read_children(pid_t pid, std::vector<pid_t>& children) {
  std::error_code error;
  fs::directory_iterator thread{fmt::format("/proc/{}/task", pid), error};
  std::size_t thread_count = 0;
  for (; !error && thread != fs::directory_iterator{}; thread.increment(error)) {
    std::ifstream file{thread->path() / "children"};
    std::error_code thread_gone;
    if (!file && fs::exists(thread->path(), thread_gone)) return Sight::hidden;
    ++thread_count;
    children.insert(children.end(), std::istream_iterator<pid_t>{file}, {});
  }
  if (!error && thread_count != 0) return Sight::seen;
  return exists(pid) ? Sight::hidden : Sight::gone;
}

}  // namespace

std::optional<std::vector<Relative>> list_family(std::span<const pid_t> named) {
  if (!is_proc_ours()) return std::nullopt;
  std::map<pid_t, Relative> found;
  std::vector<pid_t> left(named.begin(), named.end());
  while (!left.empty()) {
    const pid_t pid = left.back();
    left.pop_back();
    if (pid == getpid() || found.contains(pid)) continue;
    Relative relative;
    relative.is_named = std::find(named.begin(), named.end(), pid) != named.end();
    std::vector<pid_t> children;
    const Sight sight = std::max(read_relative(pid, relative), read_children(pid, children));
    if (sight == Sight::hidden) return std::nullopt;
    if (sight == Sight::gone) continue;
    found.emplace(pid, relative);
    left.insert(left.end(), children.begin(), children.end());
  }
  std::vector<Relative> family;
  for (const auto& [pid, relative] : found) family.push_back(relative);
  return family;
}

std::optional<Relative> parse_relative(std::string_view stat) {
  // The name, the second field, may hold blanks and brackets. Only the last bracket ends it.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  stat.remove_prefix(name_end + 1);
  constexpr std::size_t kReapedFaults = 11;  // cminflt, counted as in proc_stat(5)
  constexpr std::size_t kStartTime = 22;
  Relative relative;
  for (std::size_t field = 3; field <= kStartTime; ++field) {
    stat.remove_prefix(std::min(stat.find_first_not_of(' '), stat.size()));
    const std::string_view word = stat.substr(0, stat.find_first_of(" \n"));
    stat.remove_prefix(word.size());
    if (word.empty()) return std::nullopt;
    if (field != kReapedFaults && field != kStartTime) continue;
    std::uint64_t& number = field == kReapedFaults ? relative.reaped_faults : relative.started_at;
    if (std::from_chars(word.data(), word.data() + word.size(), number).ec != std::errc{}) {
      return std::nullopt;
    }
  }
  return relative;
}

}  // namespace urb
