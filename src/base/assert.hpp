// Assertions that stay on in release builds: a benchmark with corrupted state has no results.
// They are not for expected outcomes (a reset, a bad request), nor for the environment (error.hpp).
#pragma once

namespace urb {

/// Prints one line naming the failed condition and aborts. Async-signal-safe.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace urb

#define URB_ASSERT(condition)                                \
  (__builtin_expect(!!(condition), 1) ? static_cast<void>(0) \
                                      : ::urb::assertion_failed(#condition, __FILE__, __LINE__))

// For the per-byte path only, where the check would cost what it guards.
#ifdef URB_DEBUG_ASSERTIONS
#define URB_DEBUG_ASSERT(condition) URB_ASSERT(condition)
#else
#define URB_DEBUG_ASSERT(condition) static_cast<void>(sizeof(!!(condition)))
#endif
