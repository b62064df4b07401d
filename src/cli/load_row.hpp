// What `load` measured, as a row for --json: the columns of the CSV, without those that only the
// server could tell. Of its processes the CPU time and context switches are known, if it was said
// which they are.
#pragma once

#include <optional>
#include <string>

#include "experiment/ab_client.hpp"
#include "experiment/figures.hpp"
#include "load/generator.hpp"
#include "probe/host.hpp"
#include "row/row.hpp"

namespace urb {

struct LoadMeasurement {
  LoadResult result;
  WindowSample begin;
  WindowSample end;
  std::optional<AbLatency> ab;  ///< where that was the client
  std::string problem;          ///< ab's, when it has no figures
  Warnings warnings;            ///< of the server's processes
};

struct LoadRow {
  Row row;
  Warnings warnings;  ///< of a row with figures; of one without, only that the rate was missed
};

/// A row without figures and with the reason when there were errors or no request. `order` from 1.
[[nodiscard]] LoadRow make_load_row(const LoadOptions& load, const LoadMeasurement& measured,
                                    const Host& host, std::uint64_t order, const HostScope& scope);

}  // namespace urb
