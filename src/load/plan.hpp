// When each request should start, and which of them count. The plan is pure. It is told the time,
// and knows neither connections nor the ring.
//
// Closed loop: a connection that is free starts its next request at once.
// Open loop: requests are planned from the start of the load, whatever the server does: at even
// spaces, at random or as recorded. The next connection that is free takes the next request, late
// if need be.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "base/units.hpp"
#include "load/arrivals.hpp"

namespace urb {

struct PlanOptions {
  Nanos warmup{0};
  Nanos duration = std::chrono::seconds{1};  ///< of the window, unless `requests` is set
  std::optional<std::uint64_t> requests;     ///< that end in the window, failed ones included
  std::optional<std::uint64_t> rate;         ///< requests a second, at most 10^9: the open loop
  ArrivalOptions arrivals = {};              ///< of the open loop
  std::uint64_t seed = 1;                    ///< of random arrivals
};

class Plan {
 public:
  enum class Phase : std::uint8_t { warmup, window, over };

  explicit Plan(const PlanOptions& options);

  /// Starts the load: warm-up first, until begin_window().
  void begin(Nanos now) noexcept;
  /// `pause` has just gone by without the client, for a reason that is not the server's. What was
  /// planned in it or later is put off by as much.
  void begin_window(Nanos now, Nanos pause = Nanos{0}) noexcept;
  /// Nothing starts or counts any more.
  void end(Nanos now) noexcept;

  /// When a connection that is free now should start its next request. A time not after `now` means
  /// at once. kNever means that there is none left for it.
  [[nodiscard]] Nanos next_start(Nanos now) const noexcept;
  /// A request starts. Returns when it ought to have started.
  Nanos on_start(Nanos now) noexcept;
  /// A request ended, well or not. True when it ended within the window, and so counts.
  [[nodiscard]] bool on_end() noexcept;

  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  [[nodiscard]] bool is_warmup_done(Nanos now) const noexcept;
  [[nodiscard]] bool is_window_done(Nanos now) const noexcept;
  /// When is_warmup_done or is_window_done may change without a request ending.
  [[nodiscard]] Nanos next_change() const noexcept;

  /// Since begin().
  [[nodiscard]] Nanos since_begin(Nanos now) const noexcept { return now - begun_at_; }
  /// The window's length so far, zero if there was none.
  [[nodiscard]] Nanos window_length(Nanos now) const noexcept;

  // Open loop without `requests`, after end(): what was planned within the window and then
  /// had not been answered by its end, be it in flight or unsent,
  [[nodiscard]] std::uint64_t missed() const noexcept { return missed_; }
  /// or had not even been sent, since no connection was free.
  [[nodiscard]] std::uint64_t unsent() const noexcept { return unsent_; }

 private:
  [[nodiscard]] Nanos planned_start() const noexcept;
  [[nodiscard]] std::uint64_t planned_before(Nanos now) const noexcept;

  PlanOptions options_;
  std::optional<Arrivals> arrivals_;  ///< of the open loop
  Phase phase_ = Phase::warmup;
  Nanos begun_at_{0};
  Nanos window_begun_at_{0};
  Nanos ended_at_{0};
  bool had_window_ = false;
  std::uint64_t in_flight_ = 0;
  std::uint64_t counted_ = 0;
  Nanos schedule_begun_at_{0};  ///< begun_at_ and the pause
  std::uint64_t started_ = 0;
  std::uint64_t planned_earlier_ = 0;  ///< before the window
  std::uint64_t missed_ = 0;
  std::uint64_t unsent_ = 0;
};

}  // namespace urb
