// When each request should start, and which of them count. Pure: it is told the time and knows
// neither connections nor the ring.
//
// Closed loop: a connection that is free starts its next request at once. next_start() answers with
// a point in time and not with yes or no, so that planned rates fit behind the same three verbs.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "base/units.hpp"

namespace urb {

struct PlanOptions {
  Nanos warmup{0};
  Nanos duration = std::chrono::seconds{1};  ///< of the window, unless `requests` is set
  std::optional<std::uint64_t> requests;     ///< that end in the window, failed ones included
};

class Plan {
 public:
  enum class Phase : std::uint8_t { warmup, window, over };

  explicit Plan(const PlanOptions& options) noexcept : options_{options} {}

  /// The load begins: warm-up first, until begin_window().
  void begin(Nanos now) noexcept;
  void begin_window(Nanos now) noexcept;
  /// Nothing starts or counts any more.
  void end(Nanos now) noexcept;

  /// When a connection that is free now should start its next request: not after `now` means at
  /// once, kNever that there is none left for it.
  [[nodiscard]] Nanos next_start(Nanos now) const noexcept;
  void on_start() noexcept { ++in_flight_; }
  /// A request ended, well or not. True when it ended within the window and so counts.
  [[nodiscard]] bool on_end() noexcept;

  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  [[nodiscard]] bool is_warmup_done(Nanos now) const noexcept;
  [[nodiscard]] bool is_window_done(Nanos now) const noexcept;
  /// When is_warmup_done or is_window_done may change without a request ending.
  [[nodiscard]] Nanos next_change() const noexcept;

  /// Since begin().
  [[nodiscard]] Nanos since_begin(Nanos now) const noexcept { return now - begun_at_; }
  /// The window's length so far; zero if there was none.
  [[nodiscard]] Nanos window_length(Nanos now) const noexcept;

 private:
  PlanOptions options_;
  Phase phase_ = Phase::warmup;
  Nanos begun_at_{0};
  Nanos window_begun_at_{0};
  Nanos ended_at_{0};
  bool had_window_ = false;
  std::uint64_t in_flight_ = 0;
  std::uint64_t counted_ = 0;
};

}  // namespace urb
