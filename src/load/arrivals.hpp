// When the requests of an open loop are planned for: at even spaces, at random, or as recorded.
// Pure: times from the load's start, one after the other.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/units.hpp"

namespace urb {

enum class ArrivalKind : std::uint8_t {
  fixed,     ///< at even spaces
  poisson,   ///< spaces are independent of each other, as of many users who know of no other
  recorded,  ///< from a file
};

/// Times of arrivals since the start of a record. It begins anew when it is over: `period` later.
struct RecordedArrivals {
  std::vector<Nanos> times;  ///< none earlier than the one before
  Nanos period{0};
  bool operator==(const RecordedArrivals&) const = default;
};
/// Seconds, one time a line; empty lines and those that begin with # do not count. The period is
/// the last time and a mean space, and the first of the times is taken for the start.
[[nodiscard]] std::variant<RecordedArrivals, ParseError> parse_arrivals(std::string_view text);
/// Requests a second, rounded, at least 1.
[[nodiscard]] std::uint64_t mean_rate(const RecordedArrivals& record) noexcept;

struct ArrivalOptions {
  ArrivalKind kind = ArrivalKind::fixed;
  RecordedArrivals record = {};  ///< of its kind
};
/// Of the column `loop`: "open", "open-poisson", or "open-recorded:" and a digest of the times.
[[nodiscard]] std::string loop_name(const ArrivalOptions& options);
/// Of one of `count` clients that share a record: it has each count-th time. Throws UsageError
/// where there are fewer.
[[nodiscard]] RecordedArrivals share_of(const RecordedArrivals& record, std::size_t count,
                                        std::size_t index);

/// Where one is in the sequence. A copy goes on from there by itself.
class Arrivals {
 public:
  /// `rate`: requests a second, from 1 to 10^9, but for a record. The same seed gives the same
  /// times.
  Arrivals(const ArrivalOptions& options, std::uint64_t rate, std::uint64_t seed);

  /// When the next request is planned for.
  [[nodiscard]] Nanos next() const noexcept { return next_; }
  /// It has started.
  void advance() noexcept;
  /// How many, from the next one on, are planned for before `time`.
  [[nodiscard]] std::uint64_t count_before(Nanos time) const noexcept;

 private:
  [[nodiscard]] Nanos even(std::uint64_t index) const noexcept;
  [[nodiscard]] Nanos recorded(std::uint64_t index) const noexcept;
  void add_random_space() noexcept;

  ArrivalKind kind_;
  std::shared_ptr<const RecordedArrivals> record_;
  std::uint64_t rate_;
  std::uint64_t index_ = 0;
  Nanos next_{0};
  double fraction_ns_ = 0;  // what rounding has kept of the time, so that it does not drift
  std::mt19937_64 random_;
};

}  // namespace urb
