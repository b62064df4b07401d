// A run for programs: everything the CSV has, the histograms, and what the run stood on.
// docs/schema/run.schema.json describes it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "probe/host.hpp"
#include "row/row.hpp"
#include "row/warnings.hpp"
#include "stats/histogram.hpp"

namespace urb {

/// What all trials of a run have in common and the CSV does not tell.
struct JsonContext {
  std::string command;  ///< "run" or "load"
  std::string run_id;
  std::string tool;
  std::vector<std::string> arguments;  ///< as they were typed
  Host host;
  Build build;
  Warnings warnings;        ///< of the run
  std::size_t planned = 0;  ///< trials
};

/// One trial, with the names of the CSV's columns.
struct JsonTrial {
  Row row;
  /// Histogram::encoded(); empty for trials without figures. Of the latency from the planned time.
  std::string latency;
  std::string service;  ///< open loop: of the latency from the actual send
};

/// With the line end. An unknown value is null.
[[nodiscard]] std::string format_json_report(const JsonContext& context,
                                             const std::vector<JsonTrial>& trials,
                                             bool interrupted);

}  // namespace urb
