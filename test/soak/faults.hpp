// Faults that are injected into a running server, chosen by a seeded generator.
#pragma once

#include <sys/types.h>

#include <random>
#include <string>

#include "server/server.hpp"

namespace urb::test {

struct FaultCounts {
  unsigned killed_workers = 0;
  unsigned stopped_workers = 0;
  unsigned stopped_masters = 0;
  unsigned fd_shortages = 0;
};

/// Kills a worker with SIGKILL. False when there is none at the moment.
bool kill_worker(pid_t master, std::mt19937_64& random);
/// One fault of any kind; returns when it is over, after 300 ms at the latest.
void inject_fault(pid_t master, std::mt19937_64& random, FaultCounts& counts);
[[nodiscard]] std::string format_faults(const FaultCounts& counts);

}  // namespace urb::test
