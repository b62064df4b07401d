// Whether the profiles of two files may be held against each other, and what else differs between
// them.
#pragma once

#include <string>
#include <vector>

#include "compare/profile_comparison.hpp"

namespace urb {

[[nodiscard]] ProfileSource describe(const ProfileSide& side, const ProfileCells& cells);
/// Throws UsageError where a change between the two would be one of the meter.
void refuse_other_methods(const ProfileSide& base, const ProfileSide& next);
/// Sentences: another compiler, configuration, processor or program makes other counts, whatever
/// the kernel's source. Comparing them is a purpose, so they are not refused, but said.
[[nodiscard]] std::vector<std::string> find_notes(const ProfileSide& base, const ProfileSide& next);

}  // namespace urb
