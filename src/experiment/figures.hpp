// From what a trial saw to the figures of its row, and the verdict whether it may have any.
// Pure arithmetic: the samples come from trial.cpp, or from a test.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "load/generator.hpp"
#include "report/row.hpp"
#include "report/warnings.hpp"
#include "server/server.hpp"
#include "stats/usage.hpp"

namespace urb {

/// What one server process had used and counted at one moment.
struct ProcessSample {
  ProcessRole role = ProcessRole::worker;
  std::optional<CpuTime> cpu;
  std::uint64_t requests = 0;
  std::uint64_t ring_enters = 0;
  std::uint64_t ring_sqes = 0;
  std::uint64_t cq_overflows = 0;
  std::uint64_t short_splices = 0;
};

/// All processes at one moment: taken when the measured window begins and when it ends.
struct WindowSample {
  CpuTime client;
  std::vector<ProcessSample> processes;
};

/// Reads clocks and counters of this process and of `processes`.
[[nodiscard]] WindowSample sample_window(std::span<const ServerProcess> processes);

/// Fills the figures of `row` from the difference of the two samples. Both name the same
/// processes; `load` has at least one request.
void fill_figures(Row& row, const LoadResult& load, const WindowSample& begin,
                  const WindowSample& end);

/// Why the load's result must not become figures; empty when it may.
[[nodiscard]] std::string describe_failure(const LoadResult& load);

/// What is doubtful about a trial that has figures.
[[nodiscard]] Warnings find_trial_warnings(const Row& row, const LoadResult& load);

}  // namespace urb
