// The highest rate of the open loop that keeps a bound: where to look next. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/units.hpp"
#include "stats/histogram.hpp"

namespace urb {

/// "p99<5ms": a percentile of the latency from the planned time, or its maximum, stays below.
struct LatencyBound {
  double quantile = 1;
  Nanos below{0};
  std::string text;  ///< as typed
  [[nodiscard]] Nanos of(const Histogram& latency) const noexcept {
    return latency.quantile(quantile);
  }
};
/// p50, p90, p99, p99.9, any other percentile, or max; "<"; a time.
[[nodiscard]] std::variant<LatencyBound, ParseError> parse_bound(std::string_view text);

/// Doubles the rate until it is too high, or halves it until it is not, and then bisects. A rate is
/// judged by most of its trials.
class RateSearch {
 public:
  /// Between the highest rate that kept the bound and the lowest that did not, at the end.
  static constexpr double kTolerance = 0.02;
  static constexpr std::uint64_t kMost = 1'000'000'000;

  /// `trials` of a rate at most, an odd number.
  RateSearch(std::uint64_t start, unsigned trials) : rate_{start}, trials_{trials} {}

  /// What the next trial is of. None: the search is over.
  [[nodiscard]] std::optional<std::uint64_t> next() const noexcept {
    return is_over_ ? std::nullopt : std::optional{rate_};
  }
  /// Whether a trial at next() kept the bound.
  void tell(bool has_kept) noexcept;
  /// The highest that did. None: not even one request a second, or nothing was told yet.
  [[nodiscard]] std::optional<std::uint64_t> highest_kept() const noexcept { return kept_; }
  [[nodiscard]] std::optional<std::uint64_t> lowest_broken() const noexcept { return broken_; }

 private:
  void choose_next() noexcept;

  std::uint64_t rate_;
  unsigned trials_;
  unsigned kept_count_ = 0;    // at this rate
  unsigned broken_count_ = 0;  // likewise
  std::optional<std::uint64_t> kept_;
  std::optional<std::uint64_t> broken_;
  bool is_over_ = false;
};

}  // namespace urb
