#include "load/plan.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace urb {

Plan::Plan(const PlanOptions& options) : options_{options} {
  if (options_.rate) arrivals_.emplace(options_.arrivals, *options_.rate, options_.seed);
}

void Plan::begin(Nanos now) noexcept {
  begun_at_ = now;
  schedule_begun_at_ = now;
}

void Plan::begin_window(Nanos now, Nanos pause) noexcept {
  URB_ASSERT(phase_ == Phase::warmup);
  phase_ = Phase::window;
  window_begun_at_ = now;
  had_window_ = true;
  schedule_begun_at_ += pause;
  if (options_.rate) planned_earlier_ = planned_before(now);
}

void Plan::end(Nanos now) noexcept {
  if (phase_ == Phase::window && options_.rate && !options_.requests) {
    const std::uint64_t planned = planned_before(now);
    // Those that are left are the last ones. If they are more than the window planned, the rest was
    // planned in the warm-up.
    const std::uint64_t in_window = planned - planned_earlier_;
    unsent_ = std::min(planned - std::min(planned, started_), in_window);
    missed_ = std::min(unsent_ + in_flight_, in_window);
  }
  phase_ = Phase::over;
  ended_at_ = now;
}

Nanos Plan::planned_start() const noexcept { return schedule_begun_at_ + arrivals_->next(); }

std::uint64_t Plan::planned_before(Nanos now) const noexcept {
  return started_ + arrivals_->count_before(now - schedule_begun_at_);
}

Nanos Plan::next_start(Nanos now) const noexcept {
  if (phase_ == Phase::over) return kNever;
  // Those in flight will end in the window too, so each of them takes one of the places.
  const bool is_enough =
      phase_ == Phase::window && options_.requests && counted_ + in_flight_ >= *options_.requests;
  if (is_enough) return kNever;
  return options_.rate ? planned_start() : now;
}

Nanos Plan::on_start(Nanos now) noexcept {
  ++in_flight_;
  const Nanos planned = arrivals_ ? planned_start() : now;
  ++started_;
  if (arrivals_) arrivals_->advance();
  return planned;
}

bool Plan::on_end() noexcept {
  URB_ASSERT(in_flight_ > 0);
  --in_flight_;
  if (phase_ != Phase::window) return false;
  // More can be in flight than are wanted, since the warm-up had started some.
  if (options_.requests && counted_ >= *options_.requests) return false;
  ++counted_;
  return true;
}

bool Plan::is_warmup_done(Nanos now) const noexcept {
  return phase_ == Phase::warmup && now - begun_at_ >= options_.warmup;
}

bool Plan::is_window_done(Nanos now) const noexcept {
  if (phase_ != Phase::window) return false;
  if (options_.requests) return counted_ >= *options_.requests;
  return now - window_begun_at_ >= options_.duration;
}

Nanos Plan::next_change() const noexcept {
  switch (phase_) {
    case Phase::warmup: return begun_at_ + options_.warmup;
    case Phase::window: return options_.requests ? kNever : window_begun_at_ + options_.duration;
    case Phase::over: return kNever;
  }
  return kNever;
}

Nanos Plan::window_length(Nanos now) const noexcept {
  if (!had_window_) return Nanos{0};
  return (phase_ == Phase::over ? ended_at_ : now) - window_begun_at_;
}

}  // namespace urb
