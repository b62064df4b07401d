// The planted slow-down: as much CPU time as was asked for, none when it is off.
#include "mode/burn.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/clock.hpp"
#include "stats/usage.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

// CPU time of rounds with some work and then so many batches.
Nanos cpu_of_rounds(double percent, int rounds, Nanos work, int batches) {
  const Nanos begin = own_cpu_time().total;
  Burn burn{percent};
  for (int round = 0; round < rounds; ++round) {
    const Nanos from = own_cpu_time().total;
    while (own_cpu_time().total - from < work) {
    }
    for (int batch = 0; batch < batches; ++batch) burn.on_batch_end();
  }
  return own_cpu_time().total - begin;
}

}  // namespace

TEST_CASE("burn: half as much again is burned at 50 %, nothing at 0") {
  // CPU time, not elapsed time: other processes do not count. The least of some tries is the one
  // that interrupts and a busy host disturbed least.
  const auto growth = [](int rounds, Nanos work, int batches) {
    Nanos plain = kNever;
    Nanos burned = kNever;
    for (int attempt = 0; attempt < 5; ++attempt) {
      plain = std::min(plain, cpu_of_rounds(0, rounds, work, batches));
      burned = std::min(burned, cpu_of_rounds(50, rounds, work, batches));
    }
    return to_seconds(burned) / to_seconds(plain);
  };
  // Many small batches, and few long ones: each of those is followed by its share.
  CHECK(growth(200, std::chrono::microseconds{100}, 32) == doctest::Approx(1.5).epsilon(0.1));
  CHECK(growth(10, std::chrono::milliseconds{2}, 1) == doctest::Approx(1.5).epsilon(0.1));
}

}  // namespace urb

TEST_SUITE_END();
