// Which part of the kernel a function belongs to.
#pragma once

#include <span>
#include <string_view>

namespace urb {

/// All subsystems, in the order of tables.
[[nodiscard]] std::span<const std::string_view> all_subsystems() noexcept;

/// Of a function of the kernel, by the first pattern of subsystems.inc that it matches, or "other
/// kernel" where it matches none. What the compiler has put behind the name (".cold") says nothing.
[[nodiscard]] std::string_view subsystem_of(std::string_view function) noexcept;

// Those that are no part of a kernel's source.
inline constexpr std::string_view kOtherKernel = "other kernel";
inline constexpr std::string_view kOurs = "ours";        ///< this program
inline constexpr std::string_view kUnknown = "unknown";  ///< no symbol is near
inline constexpr std::string_view kUnknownFunction = "[unknown]";
inline constexpr std::string_view kIdle = "idle";

}  // namespace urb
