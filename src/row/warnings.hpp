// What makes figures doubtful, and what to do about it. Each is a name in the CSV's `warnings`
// column and a sentence that names the remedy below the tables.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"
#include "stats/counters.hpp"

namespace urb {

enum class Warning : std::uint8_t {
#define URB_WARNING(name, doubt, counter, text) name,
#include "row/warnings.inc"
};

/// Which figures a warning makes doubtful: every one, or only times, which counts outlive.
enum class Doubt : std::uint8_t { all, times };

struct WarningInfo {
  Warning kind;
  std::string_view name;
  Doubt doubt;
  Counter Counters::*counter;  ///< of the processes that ran short; null where none counts it
  std::string_view text;
};
/// The whole list, in the order of the enumerators.
[[nodiscard]] std::span<const WarningInfo> all_warnings() noexcept;
/// Null for a name that does not exist.
[[nodiscard]] const WarningInfo* find_warning(std::string_view name) noexcept;

/// Ordered and without repetition: the order of the list is the order of printing.
using Warnings = std::set<Warning>;

[[nodiscard]] std::string_view name_of(Warning warning) noexcept;
/// One sentence: what is wrong and what to do.
[[nodiscard]] std::string_view text_of(Warning warning) noexcept;
/// The same by the name; empty for one that does not exist.
[[nodiscard]] std::string_view text_of_warning(std::string_view name) noexcept;
/// Names separated by semicolons, for the CSV.
[[nodiscard]] std::string format_warnings(const Warnings& warnings);
/// The names of such a text, known to this version or not.
[[nodiscard]] std::vector<std::string> split_warnings(std::string_view text);
/// Whether so many answers in `seconds` are fewer than a rate asks for, by more than the one that
/// is a matter of where the edges of the measured time lie.
[[nodiscard]] bool misses_rate(std::uint64_t answers, double rate, double seconds) noexcept;

/// Whether a measured time was interrupted for so long that its figures are too low.
[[nodiscard]] bool is_stall_long(Nanos stalled, Nanos elapsed) noexcept;

// The limits, all guesses at where a figure starts to mislead.
inline constexpr unsigned kRepeatsEnough = 5;      ///< below, no interval of 90 % exists
inline constexpr double kShareSaturated = 0.95;    ///< of one CPU, or of all: see find_bottleneck()
inline constexpr unsigned kRequestsFew = 100;      ///< of a trial: p99 is then its slowest request
inline constexpr double kTicksFew = 100;           ///< of all CPUs in the window: 1 % is then one
inline constexpr double kTickSeconds = 0.01;       ///< USER_HZ of /proc/stat, proc(5)
inline constexpr double kRateReached = 0.99;       ///< achieved by requested rate in the open loop
inline constexpr double kMissingClosesMax = 0.01;  ///< by requests: with more, a trial has failed
inline constexpr double kCloseLateUs = 1000;       ///< mean wait, if longer than half the answers
inline constexpr double kIdleClosesMany = 0.01;    ///< by requests, too
inline constexpr double kThrottledMostly = 0.5;    ///< of a CPU quota's periods
inline constexpr double kStallLong = 0.05;         ///< by the length of the window
/// Of a trial, too: each connection's request that began before the window counts in whole.
inline constexpr unsigned kRequestsPerConnectionFew = 10;

}  // namespace urb
