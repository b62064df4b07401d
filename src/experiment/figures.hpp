// From what a trial saw to the figures of its row, and the verdict whether it may have any.
// Pure arithmetic: the samples come from trial.cpp, or from a test.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "load/generator.hpp"
#include "probe/cgroup.hpp"
#include "row/row.hpp"
#include "row/warnings.hpp"
#include "server/server.hpp"
#include "stats/host_books.hpp"
#include "stats/usage.hpp"

namespace urb {

/// What one server process had used and counted at one moment.
struct ProcessSample {
  pid_t pid = 0;
  ProcessRole role = ProcessRole::worker;
  std::optional<CpuTime> cpu;
  std::optional<std::uint64_t> context_switches;
  Counts counts;
};

/// What it used and counted between two samples of it.
struct ProcessUse {
  Row::Figure total_s;  ///< CPU time; unknown as soon as one of the samples is
  Row::Figure iowq_s;   ///< the part of its io-wq threads
  Row::Figure context_switches;
  Counts counts;
};
[[nodiscard]] ProcessUse use_of(const ProcessSample& begin, const ProcessSample& end);

/// Which CPUs the books are kept of, and how.
struct HostScope {
  std::vector<unsigned> cpus;     ///< that this process may use; empty: all there are
  bool interrupts_apart = false;  ///< see use_between()
  bool skips_idle = false;        ///< the clock jumps over idle time: only processes' clocks count
};

/// All processes at one moment: taken when the measured window begins and when it ends.
struct WindowSample {
  CpuTime client;
  HostBooks books;
  std::vector<ProcessSample> processes;
  /// Further ones of this experiment on this host: clients that are not this process.
  std::vector<ProcessSample> companions;
  CpuPeriodsByGroup cpu_periods;              ///< of this process' groups and of the others'
  std::optional<std::uint64_t> reported_kib;  ///< given back to the host since the guest's boot
};

/// Memory of the server when the window ends, in KiB.
struct MemorySample {
  std::optional<std::uint64_t> master;
  std::optional<std::uint64_t> workers;
  std::optional<std::uint64_t> sockets;
};
[[nodiscard]] MemorySample sample_memory(std::span<const ServerProcess> processes);

/// Busy time by wall time within the window: 1 is one whole CPU, for `host` all of them.
struct CpuShares {
  double client = 0;
  std::optional<double> master;  ///< without its io-wq threads, as for workers
  std::optional<double> busiest_worker;
  std::optional<double> host;
  double throttled = 0;  ///< of a CPU quota's periods: those in which it was used up
};

/// What could not go any faster: `cpu` when all CPUs were busy or a quota mostly used up, else the
/// process whose one thread was, `client`, `master` or `workers`; `none` when nothing was.
[[nodiscard]] std::string_view find_bottleneck(const CpuShares& shares) noexcept;

/// Reads clocks and counters of this process and of `processes`, clocks of `companions`, and the
/// books of the host.
[[nodiscard]] WindowSample sample_window_begin(std::span<const ServerProcess> processes,
                                               const HostScope& scope,
                                               std::span<const pid_t> companions = {});
/// The same in the opposite order: the client's own clock is next to the window in both.
[[nodiscard]] WindowSample sample_window_end(std::span<const ServerProcess> processes,
                                             const HostScope& scope,
                                             std::span<const pid_t> companions = {});

/// Whose the CPUs were between the two samples; unknown where a process' time is.
[[nodiscard]] std::optional<HostUse> host_use(const WindowSample& begin, const WindowSample& end,
                                              const HostScope& scope);

/// The columns that say so. `requests`: that were answered meanwhile.
void fill_truth(Row& row, const HostUse& host, double requests);

/// Fills the figures of `row` from the difference of the two samples. Both name the same
/// processes; `load` has at least one request. Where other processes were the client
/// (LoadResult::busiest_share), the samples are not of its window, but of one that is longer by
/// what messages take. What the server used is then held against the requests that its own workers
/// counted between the samples, and its time is that of this host's clock.
void fill_figures(Row& row, const LoadResult& load, const WindowSample& begin,
                  const WindowSample& end, const std::optional<HostUse>& host);

/// How many sockets a hand-over message carried; empty when there was none.
[[nodiscard]] std::optional<double> sockets_per_message(const WindowSample& begin,
                                                        const WindowSample& end);

/// Why the load's result must not become figures; empty when it may.
[[nodiscard]] std::string describe_failure(const LoadResult& load);
/// The part of it that says that a server did not close what it had announced to close.
[[nodiscard]] std::string describe_give_ups(const LoadResult& load);

/// What the server counted over its whole life.
struct ServerLedger {
  std::uint64_t requests = 0;    ///< answered by workers
  std::uint64_t body_bytes = 0;  ///< of their requests
};
[[nodiscard]] ServerLedger read_ledger(std::span<const ServerProcess> processes);

/// In which point client and server disagree on what was done, all of it, warm-up included; empty
/// when they agree to the last byte. For a server that had no other client. `slack`: requests that
/// the server may have beyond the client's count, for a client that leaves some in flight.
[[nodiscard]] std::string compare_ledgers(const LoadResult& load, const ServerLedger& server,
                                          std::uint64_t slack = 0);

/// Whether the open loop of `row` fell behind what was planned for it.
[[nodiscard]] bool misses_rate(const Row& row, const LoadResult& load);

/// What is doubtful about a trial that has figures.
[[nodiscard]] Warnings find_trial_warnings(const Row& row, const LoadResult& load,
                                           const WindowSample& begin, const WindowSample& end);

}  // namespace urb
