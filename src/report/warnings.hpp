// What makes figures doubtful, and what to do about it. Each is a name in the CSV's `warnings`
// column and a sentence that names the remedy below the tables.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace urb {

enum class Warning : std::uint8_t {
  debug_build,
  sanitized_build,
  load_high,
  few_repeats,
  trials_failed,
  client_busy,
  few_requests,
  latency_clipped,
  cq_overflowed,
};

/// Ordered and without repetition: the order above is the order of printing.
using Warnings = std::set<Warning>;

[[nodiscard]] std::string_view name_of(Warning warning) noexcept;
/// One sentence: what is wrong and what to do.
[[nodiscard]] std::string_view text_of(Warning warning) noexcept;
/// Names separated by semicolons, for the CSV.
[[nodiscard]] std::string format_warnings(const Warnings& warnings);

// The limits, all guesses at where a figure starts to mislead.
inline constexpr double kLoadPerCpuHigh = 0.5;    ///< load average by number of CPUs
inline constexpr unsigned kRepeatsEnough = 5;     ///< below, no interval of 90 % exists
inline constexpr double kClientShareBusy = 0.95;  ///< of one CPU: the client has one thread
inline constexpr unsigned kRequestsFew = 100;     ///< of a trial: p99 is then its slowest request
/// Of a trial, too: each connection's request that began before the window counts in whole.
inline constexpr unsigned kRequestsPerConnectionFew = 10;

}  // namespace urb
