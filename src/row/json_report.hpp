// A run for programs: everything the CSV has, the histograms, and what the run stood on.
// docs/schema/run.schema.json describes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "probe/host.hpp"
#include "row/row.hpp"
#include "row/warnings.hpp"
#include "stats/histogram.hpp"

namespace urb {

/// What became of the rounds of a run.
struct JsonRounds {
  /// Cells that are compared with each other.
  struct Group {
    std::string name;
    std::uint64_t body_bytes = 0;
    bool reuse = false;
    std::size_t rounds = 0;
    std::optional<double> deviation;  ///< a share, as `precision`; none: no interval
    bool reached = false;
  };
  double precision = 0;  ///< asked for, a share
  double budget_s = 0;
  double beyond_repeats_s = 0;  ///< used of the budget
  std::size_t disturbed = 0;    ///< trials
  std::vector<Group> groups;
};

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
  JsonRounds rounds = {};
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
