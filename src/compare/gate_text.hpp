// The verdict of `sweep --gate` on two profiles.
#pragma once

#include "compare/profile_comparison.hpp"
#include "report/tables.hpp"

namespace urb {

/// Whether no cell grew by more than the threshold, and none is missing from the new side.
[[nodiscard]] bool passes_gate(const ProfileComparison& comparison) noexcept;

/// The sums of all cells, and for each that grew by more than the threshold the functions that make
/// up its growth. The verdict is the last line.
[[nodiscard]] Report make_gate_report(const ProfileComparison& comparison);

}  // namespace urb
