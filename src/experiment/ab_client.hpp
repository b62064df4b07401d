// ApacheBench as the client: the study's own, for whoever does not believe ours.
//
// It knows less than ours: no p99.9, no service times of its own, whole seconds only, and its
// connections are HTTP/1.0 with or without `Connection: Keep-Alive`.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/units.hpp"
#include "load/generator.hpp"
#include "row/row.hpp"
#include "stats/usage.hpp"

namespace urb {

/// What ab printed, as far as it is a figure of ours.
struct AbReport {
  std::uint64_t requests = 0;  ///< complete, also those that it calls failed
  std::uint64_t failed = 0;    ///< without those whose answer only differs in length from the first
  std::uint64_t not_2xx = 0;
  Nanos elapsed{0};
};
/// Reads ab's report; the error names what is missing.
[[nodiscard]] std::variant<AbReport, ParseError> parse_ab_report(std::string_view text);

/// From the file that ab writes with -e: percentile by percentile, in microseconds.
struct AbLatency {
  std::optional<double> p50_us;
  std::optional<double> p90_us;
  std::optional<double> p99_us;
  std::optional<double> max_us;
};
[[nodiscard]] AbLatency parse_ab_percentiles(std::string_view csv);

/// Why ab failed, in its own words: the line that it begins with its name, else its library's last
/// one, else the last at all.
[[nodiscard]] std::string find_ab_reason(std::string_view text);

struct AbResult {
  AbReport report;
  AbLatency latency;
  CpuTime cpu;               ///< of ab, its start included
  Nanos stalled{0};          ///< how long ab, or this process, did not run
  std::string problem;       ///< why there are no figures: ab's own words; empty when there are
  bool interrupted = false;  ///< by `on_tick`
};

/// A whole trial's load: warm-up by our own client, since ab has none, then ab.
struct AbLoad {
  LoadResult result;  ///< without a histogram
  AbLatency latency;
  CpuTime cpu;
  std::string problem;
};
/// `hooks` are called as by run_load(); the window is ab's whole life.
[[nodiscard]] AbLoad run_ab_load(const LoadOptions& options, const LoadHooks& hooks,
                                 const std::atomic<bool>& stop);

/// What ab knows instead of a histogram.
void fill_ab_latency(Row& row, const AbLatency& latency);

/// Runs ab against `options.target` with its path, connections, body, reuse, and duration (rounded
/// up to whole seconds: ab has no other) or number of requests. Calls `on_tick` about ten times a
/// second; when it returns false, ab is killed. Throws Unsupported where ab is not installed,
/// SysError.
[[nodiscard]] AbResult run_ab(const LoadOptions& options, const std::function<bool()>& on_tick);

}  // namespace urb
