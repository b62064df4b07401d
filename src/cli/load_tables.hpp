// What `load` prints: a line for each server, body and reuse.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/cell.hpp"

namespace urb {

/// What the rows of a cell do not tell where they have no figures.
struct LoadTally {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;      ///< missing closes included
  std::uint64_t unfinished = 0;  ///< of measurements that have figures
};

/// Medians of the repeats, latencies of all requests together. Where there are several servers,
/// with the ratio to the first within rounds. `tallies` are of the cells in their order.
[[nodiscard]] std::string format_load_tables(const std::vector<Cell>& cells,
                                             const std::vector<LoadTally>& tallies,
                                             bool has_server_cpu);

}  // namespace urb
