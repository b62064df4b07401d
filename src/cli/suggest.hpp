// The name that was probably meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace urb {

/// How many letters to add, drop, change or swap with their neighbour to get from one to the other.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

/// The nearest of `names`, if it is near enough to be a slip of the fingers; else empty.
[[nodiscard]] std::string_view nearest_name(std::string_view typed,
                                            std::span<const std::string_view> names);

}  // namespace urb
