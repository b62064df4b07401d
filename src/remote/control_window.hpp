// A window of somebody else's measurement, as a control socket answers it: what the server's
// processes used and counted between two orders, and whose this host's CPUs were.
#pragma once

#include <optional>
#include <string>

#include "experiment/figures.hpp"
#include "remote/control_conversation.hpp"
#include "server/server.hpp"

namespace urb {

/// One conversation's. Samples are those of the experiment: sample_window_begin() and its peers.
class ControlWindow {
 public:
  /// `server` outlives it. This process is the one that has started the server.
  ControlWindow(const Server& server, HostScope scope)
      : server_{server}, scope_{std::move(scope)} {}

  /// JSON in one line. Empty for an end without a begin. Times are of CLOCK_MONOTONIC of this host.
  [[nodiscard]] std::string carry_out(ControlOrder order);

 private:
  const Server& server_;
  HostScope scope_;
  std::optional<WindowSample> begin_;
};

/// What an end says of the time between two samples of the same processes. `memory` is of its end,
/// `ledger` of the server's whole life.
[[nodiscard]] std::string format_window(const WindowSample& begin, const WindowSample& end,
                                        const std::optional<HostUse>& host,
                                        const MemorySample& memory, const ServerLedger& ledger);

}  // namespace urb
