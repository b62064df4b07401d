// What only the open loop (`--rate`) knows of a trial.
#pragma once

#include <cstdint>

#include "stats/histogram.hpp"

namespace urb {

/// See LoadResult for what they are.
struct OpenLoop {
  Histogram service;
  Histogram lateness;
  std::uint64_t missed = 0;
  std::uint64_t unsent = 0;

  void merge(const OpenLoop& other) noexcept {
    service.merge(other.service);
    lateness.merge(other.lateness);
    missed += other.missed;
    unsent += other.unsent;
  }
};

}  // namespace urb
