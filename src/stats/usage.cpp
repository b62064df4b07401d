// Reads clock_gettime(2) on a process clock, and /proc/<pid>/schedstat for its leader thread.
#include "stats/usage.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "base/fd.hpp"

namespace urb {
namespace {

std::optional<Nanos> read_clock(clockid_t clock) noexcept {
  timespec now{};
  if (clock_gettime(clock, &now) != 0) return std::nullopt;
  return std::chrono::seconds{now.tv_sec} + Nanos{now.tv_nsec};
}

// The thread clocks of clock_gettime(2) are for threads of the own process only (EINVAL
// otherwise), and /proc/<pid>/stat counts in ticks of 10 ms. The first field of schedstat is the
// same figure as the clock's, in nanoseconds, and without /task/ it is the leader's alone.
std::optional<Nanos> read_leader(pid_t pid) {
  const std::string path = fmt::format("/proc/{}/schedstat", pid);
  const int raw = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (raw < 0) return std::nullopt;
  const Fd file{Adopt{}, raw};
  std::array<char, 128> text{};
  const ssize_t length = read(file.get(), text.data(), text.size());
  std::int64_t nanos = 0;
  const char* const end = text.data() + std::max<ssize_t>(length, 0);
  if (std::from_chars(text.data(), end, nanos).ec != std::errc{}) return std::nullopt;
  return Nanos{nanos};
}

}  // namespace

std::optional<CpuTime> sample_cpu_time(pid_t pid) {
  clockid_t clock = 0;
  if (clock_getcpuclockid(pid, &clock) != 0) return std::nullopt;

  // The leader may run between the two reads, which would pass for io-wq time. So it is read on
  // both sides until it stood still. A leader that never does is busy, and its tick error
  // dominates.
  constexpr int kAttempts = 4;
  std::optional<Nanos> before = read_leader(pid);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::optional<Nanos> total = read_clock(clock);
    if (!total) return std::nullopt;
    const std::optional<Nanos> after = read_leader(pid);
    if (!before || !after) return CpuTime{*total, std::nullopt};
    if (*before == *after || attempt == kAttempts - 1) {
      return CpuTime{*total, std::max(Nanos{0}, *total - *after)};
    }
    before = after;
  }
  return std::nullopt;  // not reached: the last attempt returns
}

std::optional<std::uint64_t> sample_context_switches(pid_t pid) {
  constexpr std::string_view kKey = "ctxt_switches:";  // of two lines
  std::uint64_t switches = 0;
  std::size_t threads = 0;
  std::error_code gone;
  std::filesystem::directory_iterator thread{fmt::format("/proc/{}/task", pid), gone};
  // Not a range-for, whose step throws when the process ends meanwhile.
  for (; !gone && thread != std::filesystem::directory_iterator{}; thread.increment(gone)) {
    std::ifstream status{thread->path() / "status"};
    if (status) ++threads;
    for (std::string line; std::getline(status, line);) {
      if (const std::size_t at = line.find(kKey); at != std::string::npos) {
        switches += std::strtoull(line.c_str() + at + kKey.size(), nullptr, 10);
      }
    }
  }
  if (threads == 0 || gone) return std::nullopt;
  return switches;
}

CpuTime own_cpu_time() noexcept {
  // Both clocks exist on every kernel that has io_uring.
  const Nanos leader = read_clock(CLOCK_THREAD_CPUTIME_ID).value_or(Nanos{0});
  const Nanos total = read_clock(CLOCK_PROCESS_CPUTIME_ID).value_or(Nanos{0});
  return {total, std::max(Nanos{0}, total - leader)};
}

}  // namespace urb
