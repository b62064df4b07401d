// Whether the rows of two files may be held against each other, and what else differs between them.
#pragma once

#include <string>
#include <vector>

#include "compare/comparison.hpp"

namespace urb {

[[nodiscard]] Source describe(const Side& side, bool accepts_disturbed);
/// Throws UsageError where a change between the two would be one of the meter.
void refuse_other_methods(const Side& base, const Side& next);
/// Sentences: not refused, since comparing kernels and builds is the purpose. But said.
[[nodiscard]] std::vector<std::string> find_notes(const Side& base, const Side& next);

}  // namespace urb
