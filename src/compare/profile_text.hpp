// A comparison of profiles as people read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compare/profile_comparison.hpp"
#include "compare/text.hpp"

namespace urb {

/// How far a comparison of profiles goes into detail. Each shows what those before it show.
enum class ProfileDetail : std::uint8_t { cell, subsystem, function };
/// "cell", "subsystem", "function".
[[nodiscard]] std::string_view name_of(ProfileDetail detail) noexcept;

/// First the sums of all cells, then tables for each. Of the functions of a cell, `limit` are
/// shown, and the others as one line; 0 shows all.
[[nodiscard]] Report make_profile_report(const ProfileComparison& comparison, ProfileDetail detail,
                                         std::size_t limit, TableStyle style);

// Its parts: the sums of all cells, and some functions of one.
[[nodiscard]] std::string cell_table(const ProfileComparison& comparison, TableStyle style);
[[nodiscard]] std::string growth_table(const ProfileCellChange& cell,
                                       const std::vector<const CountChange*>& functions,
                                       TableStyle style);

/// Instructions: "1,234,567", "12.5".
[[nodiscard]] std::string format_count(double count);

}  // namespace urb
