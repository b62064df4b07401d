// An analysis for programs, the page among them: docs/schema/report.schema.json describes it.
#pragma once

#include <string>

#include "report/analysis.hpp"

namespace urb {

/// The columns of the rows alone, on several lines.
[[nodiscard]] std::string format_columns_json();

/// In one line, with its end. Medians and intervals have six digits.
[[nodiscard]] std::string format_analysis_json(const Analysis& analysis, const std::string& tool);

}  // namespace urb
