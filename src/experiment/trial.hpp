// One trial: a fresh server, the load against it, and one row of what was seen.
#pragma once

#include <atomic>
#include <functional>

#include "experiment/disturbance.hpp"
#include "experiment/far_client.hpp"
#include "experiment/figures.hpp"
#include "experiment/matrix.hpp"
#include "load/generator.hpp"
#include "mode/server_config.hpp"
#include "row/open_loop.hpp"
#include "row/row.hpp"
#include "row/warnings.hpp"
#include "stats/histogram.hpp"

namespace urb {

/// Who generates the load.
enum class ClientKind : std::uint8_t { builtin, ab };
[[nodiscard]] std::string_view name_of(ClientKind client) noexcept;

/// What all trials of a run have in common. The trial's spec fills in the rest.
struct TrialSetup {
  /// Without the mode, which is the trial's. A test gives another, so that the row is wrong.
  ServerConfig server;
  LoadOptions load;  ///< without target, body and reuse; verifies in any case
  Row row;           ///< host, run and workload columns
  ClientKind client = ClientKind::builtin;
  FarClient* far = nullptr;  ///< of the run; none: this process is the client
  HostScope scope;
  Yardsticks* yardsticks = nullptr;  ///< of the run; none where times mean nothing
};

struct TrialOutcome {
  Row row;
  Histogram latency;
  OpenLoop open_loop;
  Warnings warnings;                          ///< of a trial with figures
  std::optional<double> sockets_per_message;  ///< of the hand-over, where there was one
  std::string disturber;                      ///< the busiest of the others, of a disturbed trial
  bool interrupted = false;                   ///< by the user: there is no row
};

/// Time since the load started, requests so far.
using TrialProgress = std::function<void(Nanos, std::uint64_t)>;

/// What a trial takes beside warm-up and window: start and stop take 20 to 60 ms, six
/// yardsticks 60.
inline constexpr Nanos kAroundTrial = std::chrono::milliseconds{120};

/// Never throws for what goes wrong in the trial: that becomes a row without figures. Ends early
/// when `stop` is set. Leaves no process behind.
[[nodiscard]] TrialOutcome run_trial(const TrialSetup& setup, const TrialSpec& spec,
                                     const TrialProgress& on_progress,
                                     const std::atomic<bool>& stop);

/// Makes a load, and its row, one of the open loop at that rate.
void set_rate(LoadOptions& load, Row& row, std::uint64_t rate);

/// The text that a response carries when the server saw the whole body; see http/response_bytes.
[[nodiscard]] std::string expected_text_for(Bytes body, Bytes response, bool with_checksum = false);

/// Now, in UTC: "2025-11-23T13:05:59.123Z".
[[nodiscard]] std::string format_utc_now();

}  // namespace urb
