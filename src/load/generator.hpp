// The load generator: N connections on one ring in one thread. It speaks HTTP/1.1 to any server
// and knows nothing of modes or of the server that it measures.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/units.hpp"
#include "load/arrivals.hpp"
#include "load/body_mix.hpp"
#include "stats/histogram.hpp"
#include "uring/features.hpp"

namespace urb {

/// Which requests carry X-Verify: crc32c. They fail when X-Crc32c in their answer is not the
/// CRC-32C of their body. Our own server knows the header, and others need not.
enum class Verify : std::uint8_t {
  none,
  first,  ///< one of each connection, with a random body, before the warm-up and not measured
  all,    ///< that, and every request of the load
};

/// A key for X-Route, and with TLS as the name to ask for, and the worker that ought to get the
/// requests that carry it.
struct Route {
  std::string key;
  unsigned worker = 0;
};

struct LoadOptions {
  Address target;
  std::string host;  ///< Host header
  std::string path = "/";
  std::string method;                ///< empty: GET without a body, POST with one
  std::vector<std::string> headers;  ///< further header lines, "Name: value"
  unsigned connections = 4;
  Bytes body{0};
  /// Several sizes instead of one. `body` is then their mean.
  BodyMix mix = {};
  std::uint64_t seed = 1;  ///< of the order of the mix
  bool reuse = true;       ///< keep-alive, otherwise one connection per request
  Nanos warmup{0};
  Nanos duration = std::chrono::seconds{1};  ///< measured time, unless `requests` is set
  std::optional<std::uint64_t> requests;     ///< measured requests
  /// Open loop: requests a second, of all connections together, at most 10^9. They are planned from
  /// the start of the warm-up, see `arrivals`. Each is sent on the next free connection. Where none
  /// is free in time it is sent late, and never dropped before the measured time ends.
  std::optional<std::uint64_t> rate;
  ArrivalOptions arrivals = {};  ///< of the open loop; of a record, `rate` is its mean
  Nanos request_timeout = std::chrono::seconds{30};
  /// How long requests in flight at the end of the measured time may take at most. The value is a
  /// guess, far above any request of a healthy server. What takes longer is `unfinished`.
  Nanos drain_timeout = std::chrono::seconds{5};
  /// Text that each response body must contain, such as the byte count the server should have
  /// seen. Empty: any body will do.
  std::string expected_text;
  /// The same by size of the mix, instead of expected_text. Empty, or as many as there are sizes.
  std::vector<std::string> mix_texts = {};
  /// Length that each response body must have.
  std::optional<std::uint64_t> expected_response_bytes;
  Verify verify = Verify::none;
  /// An answer that says nothing of the request's body (X-Body) is an error. Our own server always
  /// does. A wrong one is an error in any case.
  bool requires_proof = false;
  bool tls = false;
  bool tls_resumes = false;   ///< connections take tickets of earlier ones, if the server gives any
  std::string tls_name;       ///< that the client asks for (SNI); empty: none
  std::vector<Route> routes;  ///< one of them for each request, at random, or no X-Route
};

/// Failed requests by cause, at any time of the load. None of them is in the latencies.
struct LoadErrors {
  std::uint64_t connect = 0;  ///< no connection
  std::uint64_t io = 0;       ///< reset or closed before the response had ended
  std::uint64_t status = 0;   ///< not 2xx
  std::uint64_t framing = 0;  ///< not HTTP/1.x, or more bytes than its framing says
  std::uint64_t content = 0;  ///< complete, but not the expected text, length or checksum
  std::uint64_t timeout = 0;
  [[nodiscard]] std::uint64_t total() const noexcept {
    return connect + io + status + framing + content + timeout;
  }
};

struct LoadResult {
  /// Closed loop: from the send, or without reuse from the connect, to the last byte received. Open
  /// loop: from the time the request was planned for, so that a server that keeps requests from
  /// being sent is charged for their waiting.
  Histogram latency;
  /// Of those of a mix with the smallest body; from the same moments as `latency`.
  Histogram small_latency;
  /// Open loop: of the same requests from the send (or the connect), which hides that waiting.
  Histogram service;
  /// Open loop: how late requests were sent for which a connection waited. The client itself is the
  /// cause (its timer, or its CPU was taken away). It is part of `latency`, and says how far to
  /// trust that.
  Histogram lateness;
  std::uint64_t requests = 0;     ///< completed without error within the measured time
  std::uint64_t body_bytes = 0;   ///< request body bytes of those
  std::uint64_t connections = 0;  ///< that carried a request, measured or not
  std::uint64_t handshakes = 0;   ///< of TLS, within the measured time
  std::uint64_t resumed = 0;      ///< those of them that were short, by a ticket
  LoadErrors errors;
  std::string first_error;  ///< one line, for the message
  Nanos elapsed{0};         ///< of the measured time
  Nanos stalled{0};         ///< how long the client did not run meanwhile, see StallWatch
  /// Where other processes are the client: the CPU share of the one that had most.
  std::optional<double> busiest_share = {};
  bool interrupted = false;  ///< by `stop`, or by the progress hook
  Features used;             ///< of the kernel, by the client's ring
  // How connections ended, whenever they did. A close that the server has announced is awaited.
  std::uint64_t missing_closes = 0;  ///< announced, but not there when the wait was given up
  std::uint64_t ignored_closes = 0;  ///< asked for, not announced: closed by the client, at once
  std::uint64_t awaited_closes = 0;  ///< announced, until nothing started any more
  Nanos close_wait{0};               ///< for all of those together, in no latency
  std::uint64_t idle_closes = 0;     ///< by the server, between requests, so no request fails
  // Open loop without a number of requests: planned in the measured time and, at its end,
  std::uint64_t missed = 0;  ///< without an answer: unsent, or in flight (some always are)
  std::uint64_t unsent = 0;  ///< not even sent
  // With routes, of `requests`: those that X-Worker says a worker served, by its index as far as
  // the routes know it, and those of them whose key belongs to that worker.
  std::vector<std::uint64_t> requests_by_worker;
  std::uint64_t routed_right = 0;

  /// Of `requests`: X-Body came back, and was right.
  std::uint64_t verified_requests = 0;

  // Everything that was ever sent, measured or not. Without errors and with nothing unfinished, a
  // server that had no other client has counted exactly the same.
  std::uint64_t total_requests = 0;    ///< answered with a whole 2xx response, as it should be
  std::uint64_t total_body_bytes = 0;  ///< request body bytes of those
  std::uint64_t verified_bytes = 0;    ///< of those: their checksum came back, and was right
  std::uint64_t unfinished = 0;        ///< given up when the run ended, at an unknown point
  [[nodiscard]] std::uint64_t total_errors() const noexcept { return errors.total(); }
};

/// Called from the generator's thread between batches of completions, never inside one.
struct LoadHooks {
  /// Asked every 200 us from the end of the warm-up on, which goes on until it says yes. None: yes.
  std::function<bool()> may_begin_window = {};
  std::function<void()> on_window_begin;  ///< warm-up is over
  std::function<void()> on_window_end;    ///< what is in flight has yet to end
  /// About ten times a second, also while the last requests end: time since the start, requests so
  /// far. Return false to end early (counted as interrupted), for example because the server died.
  std::function<bool(Nanos, std::uint64_t)> on_progress;
};

/// Runs the load and returns when every connection is closed and no request is in flight. At the
/// end of the measured time nothing starts any more. Requests that have started are finished and
/// not counted. `stop` ends the load early and gives up what is in flight. Throws SysError and
/// Unsupported from set-up only.
[[nodiscard]] LoadResult run_load(const LoadOptions& options, const LoadHooks& hooks,
                                  const std::atomic<bool>& stop);

}  // namespace urb
