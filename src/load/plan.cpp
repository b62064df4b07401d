// The closed loop.
#include "load/plan.hpp"

#include "base/assert.hpp"

namespace urb {

void Plan::begin(Nanos now) noexcept { begun_at_ = now; }

void Plan::begin_window(Nanos now) noexcept {
  URB_ASSERT(phase_ == Phase::warmup);
  phase_ = Phase::window;
  window_begun_at_ = now;
  had_window_ = true;
}

void Plan::end(Nanos now) noexcept {
  phase_ = Phase::over;
  ended_at_ = now;
}

Nanos Plan::next_start(Nanos now) const noexcept {
  switch (phase_) {
    case Phase::warmup: return now;
    case Phase::window:
      // Those in flight will end in the window too, so each of them takes one of the places.
      if (options_.requests && counted_ + in_flight_ >= *options_.requests) return kNever;
      return now;
    case Phase::over: return kNever;
  }
  return kNever;
}

bool Plan::on_end() noexcept {
  URB_ASSERT(in_flight_ > 0);
  --in_flight_;
  if (phase_ != Phase::window) return false;
  // More can be in flight than are wanted: those that the warm-up had started.
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
