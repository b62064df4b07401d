#include "cli/planted_burn.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "base/error.hpp"

namespace urb {

double planted_burn_percent() {
  const char* const text = std::getenv("URB_TEST_BURN");
  if (text == nullptr) return 0;
  char* end = nullptr;
  const double percent = std::strtod(text, &end);
  if (end == text || *end != '\0' || !(percent >= 0 && percent <= 1000)) {
    throw UsageError(fmt::format("URB_TEST_BURN={} is no percentage from 0 to 1000", text));
  }
  return percent;
}

}  // namespace urb
