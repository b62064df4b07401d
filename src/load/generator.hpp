// The load generator: N connections on one ring in one thread. It speaks HTTP/1.1 to any server
// and knows nothing of modes: the meter is blind to what it meters.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/units.hpp"
#include "stats/histogram.hpp"

namespace urb {

struct LoadOptions {
  Address target;
  std::string host;  ///< Host header
  std::string path = "/";
  std::string method;                ///< empty: GET without a body, POST with one
  std::vector<std::string> headers;  ///< further header lines, "Name: value"
  unsigned connections = 4;
  Bytes body{0};
  bool reuse = true;  ///< keep-alive; otherwise one connection per request
  Nanos warmup{0};
  Nanos duration = std::chrono::seconds{1};  ///< measured time, unless `requests` is set
  std::optional<std::uint64_t> requests;     ///< measured requests
  Nanos request_timeout = std::chrono::seconds{30};
  /// Text that each response body must contain, such as the byte count the server should have
  /// seen. Empty: any body will do.
  std::string expected_text;
};

/// Failed requests by cause. None of them is in the latencies.
struct LoadErrors {
  std::uint64_t connect = 0;  ///< no connection
  std::uint64_t io = 0;       ///< reset or closed before the response had ended
  std::uint64_t status = 0;   ///< not 2xx
  std::uint64_t framing = 0;  ///< not HTTP/1.x, or more bytes than its framing says
  std::uint64_t content = 0;  ///< complete, but without the expected text
  std::uint64_t timeout = 0;
  [[nodiscard]] std::uint64_t total() const noexcept {
    return connect + io + status + framing + content + timeout;
  }
};

struct LoadResult {
  Histogram latency;             ///< from the first byte sent (or the connect) to the last received
  std::uint64_t requests = 0;    ///< completed without error within the measured time
  std::uint64_t body_bytes = 0;  ///< request body bytes of those
  std::uint64_t connections = 0;  ///< opened, in warm-up and measured time
  LoadErrors errors;              ///< within warm-up and measured time
  std::string first_error;        ///< one line, for the message
  Nanos elapsed{0};               ///< of the measured time
  bool interrupted = false;       ///< by `stop`
};

/// Called from the generator's thread between batches of completions, never inside one.
struct LoadHooks {
  std::function<void()> on_window_begin;  ///< warm-up is over
  std::function<void()> on_window_end;    ///< before the connections are closed
  /// About ten times a second: time since the start, requests so far. Return false to end early
  /// (counted as interrupted), for example because the server died.
  std::function<bool(Nanos, std::uint64_t)> on_progress;
};

/// Runs the load and returns when every connection is closed and no request is in flight.
/// `stop` ends it early. Throws SysError, Unsupported from set-up only.
[[nodiscard]] LoadResult run_load(const LoadOptions& options, const LoadHooks& hooks,
                                  const std::atomic<bool>& stop);

}  // namespace urb
