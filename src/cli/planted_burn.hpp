// A slow-down of known size for tools/check-compare, from the environment: no option of users.
#pragma once

namespace urb {

/// Percent of the workers' CPU time, of URB_TEST_BURN. Throws UsageError.
[[nodiscard]] double planted_burn_percent();

}  // namespace urb
