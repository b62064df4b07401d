// Profiles in a report's JSON: docs/schema/report.schema.json describes them.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "report/profiles.hpp"

namespace urb {

/// Their files, and what is known of each cell. Medians have six digits.
[[nodiscard]] nlohmann::ordered_json profiles_json(const Profiles& profiles);

}  // namespace urb
