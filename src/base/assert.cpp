#include "base/assert.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace urb {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  char text[512];
  const int length =
      std::snprintf(text, sizeof text, "uring-bench[%d]: assertion failed: %s (%s:%d)\n",
                    static_cast<int>(getpid()), condition, file, line);
  // A lost message is acceptable: the core dump and the failed trial still say that it happened.
  if (length > 0) {
    const auto size = static_cast<std::size_t>(length) < sizeof text
                          ? static_cast<std::size_t>(length)
                          : sizeof text - 1;
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text, size);
  }
  std::abort();
}

}  // namespace urb
