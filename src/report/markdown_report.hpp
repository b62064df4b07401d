// An analysis as text: what was found, then the tables, in the Markdown that GitHub reads.
#pragma once

#include <string>

#include "report/analysis.hpp"

namespace urb {

[[nodiscard]] std::string make_markdown_report(const Analysis& analysis);

}  // namespace urb
