// An analysis for programs, the page among them: docs/schema/report.schema.json describes it.
#pragma once

#include <string>

#include "report/analysis.hpp"
#include "report/profiles.hpp"

namespace urb {

/// The columns of the rows alone, on several lines.
[[nodiscard]] std::string format_columns_json();

/// In one line, with its end. Medians and intervals have six digits. Without files of profiles it
/// has nothing of them.
[[nodiscard]] std::string format_analysis_json(const Analysis& analysis, const std::string& tool,
                                               const Profiles& profiles = {});

}  // namespace urb
