// Random numbers that are the same on every platform, which the standard's distributions are not.
#pragma once

#include <cmath>
#include <random>

namespace urb::test {

using Random = std::mt19937_64;

/// Uniform in (0, 1).
[[nodiscard]] inline double uniform(Random& random) {
  return (static_cast<double>(random() >> 11) + 0.5) / 0x1p53;
}

/// Of mean 0 and deviation 1.
[[nodiscard]] inline double normal(Random& random) {
  return std::sqrt(-2 * std::log(uniform(random))) * std::cos(2 * M_PI * uniform(random));
}

}  // namespace urb::test
