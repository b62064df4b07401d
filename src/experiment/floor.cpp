// Short loops, and the fastest of each.
#include "experiment/floor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "stats/histogram.hpp"
#include "uring/ring.hpp"

namespace urb {
namespace {

constexpr int kRounds = 10;

// The time of one call of `work`.
template <class F>
Nanos fastest(int calls, F&& work) {
  Nanos least = kNever;
  for (int round = 0; round < kRounds; ++round) {
    const Nanos begin = monotonic_now();
    for (int call = 0; call < calls; ++call) work(call);
    least = std::min(least, (monotonic_now() - begin) / calls);
  }
  return least;
}

}  // namespace

Floor measure_floor() {
  Floor floor;
  [[maybe_unused]] volatile std::int64_t kept = 0;  // so that nothing is optimised away
  floor.clock = fastest(10'000, [&](int) { kept = monotonic_now().count(); });
  Histogram histogram;
  floor.record = fastest(10'000, [&](int call) { histogram.record(Nanos{call * 1000}); });
  Ring ring;
  std::array<Completion, 4> batch;
  floor.nop_round_trip = fastest(1000, [&](int) {
    io_uring_prep_nop(ring.sqe({}));
    ring.submit_and_wait(kNever);
    while (ring.collect(batch) != 0) {
    }
  });
  return floor;
}

std::string format_floor(const Floor& floor) {
  return fmt::format("clock {} ns, record {} ns, io_uring NOP round trip {} ns",
                     floor.clock.count(), floor.record.count(), floor.nop_round_trip.count());
}

}  // namespace urb
