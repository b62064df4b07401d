// A comparison of profiles for programs: docs/schema/profile_comparison.schema.json describes it.
#pragma once

#include <string>

#include "compare/profile_comparison.hpp"

namespace urb {

/// With the line end, and with all subsystems and functions. Shares are fractions, never percent.
[[nodiscard]] std::string format_profile_comparison_json(const ProfileComparison& comparison);

}  // namespace urb
