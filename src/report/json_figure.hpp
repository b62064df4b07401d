// Figures as the JSON of a report has them.
#pragma once

#include <fmt/format.h>

#include <cstdlib>

namespace urb {

/// With six digits. More would be more bytes and no more truth.
[[nodiscard]] inline double rounded(double figure) {
  return std::strtod(fmt::format("{:.6g}", figure).c_str(), nullptr);
}

}  // namespace urb
