// A planted slow-down: burns a share of the CPU time that a worker uses, in the kernel too, so that
// `compare` can be tested against a difference of known size. It burns in small pieces, often: a
// long one lets input gather, so that the worker then needs less for a request. Off, it costs one
// comparison a batch.
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
    if (share_ <= 0 || ++batches_ < batches_between_) return;
    batches_ = 0;
    const Nanos begin = cpu_now();
    const double used_ns = to_ns(begin - seen_) - read_ns_;
    used_ns_ += used_ns;
    pace(used_ns);
    // Corrects the previous error. So the total is exact by this thread's CPU clock, even if a step
    // gets slower when other processes run.
    const double owed_ns = share_ * used_ns_ - burned_ns_ - read_ns_;
    if (owed_ns > 0) spin(static_cast<std::uint64_t>(owed_ns / ns_per_step_));
    seen_ = cpu_now();
    // Looking at the clock is no work of the worker's either.
    burned_ns_ += to_ns(seen_ - begin) + read_ns_;
  }

 private:
  static constexpr unsigned kBatchesBetweenMax = 64;

  // Reading this clock is a system call of 0.3 to 1.8 µs. Two of them are kept to about a fortieth
  // of the work between, below any share that is asked for.
  void pace(double used_ns) noexcept {
    if (used_ns < 80 * read_ns_) {
      batches_between_ = std::min(2 * batches_between_, kBatchesBetweenMax);
    } else if (used_ns > 240 * read_ns_) {
      batches_between_ = std::max(batches_between_ / 2, 1U);
    }
  }

  static Nanos cpu_now() noexcept {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds{now.tv_sec} + Nanos{now.tv_nsec};
  }
  static double to_ns(Nanos time) noexcept { return static_cast<double>(time.count()); }

  static void spin(std::uint64_t steps) noexcept {
    for (std::uint64_t step = 0; step < steps; ++step) asm volatile("" : : : "memory");
  }

  // The least of some tries is the one that nothing interrupted.
  void calibrate() noexcept {
    constexpr std::uint64_t kSteps = 20'000;
    ns_per_step_ = 1e9;
    read_ns_ = 1e9;
    for (int round = 0; round < 20; ++round) {
      const Nanos begin = cpu_now();
      const Nanos between = cpu_now();
      spin(kSteps);
      const Nanos end = cpu_now();
      read_ns_ = std::min(read_ns_, to_ns(between - begin));
      ns_per_step_ =
          std::min(ns_per_step_, std::max(1.0, to_ns(end - between)) / static_cast<double>(kSteps));
    }
  }

  double share_;
  double ns_per_step_ = 1;
  double read_ns_ = 0;  ///< one look at the clock
  Nanos seen_{0};
  double used_ns_ = 0;  ///< by the worker, without what was burned
  double burned_ns_ = 0;
  unsigned batches_ = 0;          ///< since the last look
  unsigned batches_between_ = 1;  ///< looks
};

}  // namespace urb
