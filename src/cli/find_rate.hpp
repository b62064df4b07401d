// `--find-rate` of runs and of `load`.
#pragma once

#include <atomic>
#include <cstdio>
#include <optional>
#include <string>

#include "cli/flags.hpp"
#include "experiment/rate_walk.hpp"
#include "load/generator.hpp"

namespace urb {

/// Declares it on `bound`. `load` and `client` are what it must go together with.
void declare_find_rate(Flags& flags, std::optional<LatencyBound>& bound, const LoadOptions& load,
                       const ClientKind& client);

/// Where the search starts, and how long it looks at a rate, from the options of the command.
[[nodiscard]] RatePlan plan_rates(const Grid& grid, const LatencyBound& bound,
                                  const LoadOptions& load, const RoundRules& rules,
                                  Warnings warnings);

/// Finds, and prints the curves to `stream`. Returns the exit code.
[[nodiscard]] int find_and_print(const RatePlan& plan, const RunnerHooks& hooks, std::FILE* stream,
                                 const std::atomic<bool>& stop);

}  // namespace urb
