// An analysis for programs, the page among them: docs/schema/report.schema.json describes it.
#pragma once

#include <string>

#include "report/analysis.hpp"

namespace urb {

/// In one line, with its end. Medians and intervals have six digits.
[[nodiscard]] std::string format_analysis_json(const Analysis& analysis, const std::string& tool);

}  // namespace urb
