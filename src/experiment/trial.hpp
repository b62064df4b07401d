// One trial: a fresh server, the load against it, and one row of what was seen.
#pragma once

#include <atomic>
#include <functional>

#include "experiment/matrix.hpp"
#include "load/generator.hpp"
#include "mode/server_config.hpp"
#include "report/row.hpp"
#include "report/warnings.hpp"
#include "stats/histogram.hpp"

namespace urb {

/// What all trials of a run have in common. The trial's spec fills in the rest.
struct TrialSetup {
  ServerConfig server;  ///< without the mode; listens on a free port
  LoadOptions load;     ///< without target, body and reuse
  Row row;              ///< host, run and workload columns
};

struct TrialOutcome {
  Row row;
  Histogram latency;
  Warnings warnings;         ///< of a trial with figures
  bool interrupted = false;  ///< by the user: there is no row
};

/// Time since the load started, requests so far.
using TrialProgress = std::function<void(Nanos, std::uint64_t)>;

/// Never throws for what goes wrong in the trial: that becomes a row without figures. Ends early
/// when `stop` is set. Leaves no process behind.
[[nodiscard]] TrialOutcome run_trial(const TrialSetup& setup, const TrialSpec& spec,
                                     const TrialProgress& on_progress,
                                     const std::atomic<bool>& stop);

/// The text that a response carries when the server saw the whole body; see http/response_bytes.
[[nodiscard]] std::string expected_text_for(Bytes body, Bytes response);

/// Now, in UTC: "2025-11-23T13:05:59.123Z".
[[nodiscard]] std::string format_utc_now();

}  // namespace urb
