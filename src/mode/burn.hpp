// A planted slow-down: burns a share of the CPU time that a worker uses, so that `compare` can be
// tested against a difference of known size. Off, it costs one comparison a batch.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstdint>

#include "base/units.hpp"

namespace urb {

class Burn {
 public:
  /// `percent` of the CPU time of the thread that makes it, from now on; 0: nothing, ever.
  explicit Burn(double percent) noexcept : share_{percent / 100} {
    if (share_ <= 0) return;
    calibrate();
    seen_ = cpu_now();
  }

  /// After each batch of completions.
  void on_batch_end() noexcept {
    if (share_ <= 0 || ++batches_ % kBatchesBetween != 0) return;
    const Nanos now = cpu_now();
    // What was burned last time is not burned for again.
    const double used_ns = static_cast<double>((now - seen_).count()) - burned_ns_;
    seen_ = now;
    burned_ns_ = std::max(0.0, share_ * used_ns);
    spin(static_cast<std::uint64_t>(burned_ns_ / ns_per_step_));
  }

 private:
  // Reading this clock is a system call of some 0.3 µs: not for every batch, which would be a
  // slow-down of its own.
  static constexpr unsigned kBatchesBetween = 32;

  static Nanos cpu_now() noexcept {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds{now.tv_sec} + Nanos{now.tv_nsec};
  }

  // Steps, not until a clock says so. Without reuse, 50 and 100 % planted came out as +45 and +90 %
  // (6 repeats, 1 MB, socket), and with a spin by the clock as +61 and +135 %. With reuse either
  // shows far less than planted (+8 and +52 %), for reasons unknown; io_uring_enter calls per
  // request stay the same.
  static void spin(std::uint64_t steps) noexcept {
    for (std::uint64_t step = 0; step < steps; ++step) asm volatile("" : : : "memory");
  }

  // The least of some tries is the one that nothing interrupted.
  void calibrate() noexcept {
    constexpr std::uint64_t kSteps = 20'000;
    ns_per_step_ = 1e9;
    for (int round = 0; round < 20; ++round) {
      const Nanos begin = cpu_now();
      spin(kSteps);
      const auto took = static_cast<double>((cpu_now() - begin).count());
      ns_per_step_ = std::min(ns_per_step_, std::max(1.0, took) / static_cast<double>(kSteps));
    }
  }

  double share_;
  double ns_per_step_ = 1;
  Nanos seen_{0};
  double burned_ns_ = 0;
  unsigned batches_ = 0;
};

}  // namespace urb
