// What the plugin of `sweep --profile` has counted in one window (profile/plugin/count_blocks.c).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace urb {

/// The instructions that one block of a guest's code has executed.
struct BlockCount {
  std::uint64_t address = 0;  ///< virtual; 0 for what did not fit the plugin's table
  std::uint64_t instructions = 0;
};
using ProfileWindow = std::vector<BlockCount>;

/// Whole windows from what the plugin has appended. Throws runtime_error for half a window.
[[nodiscard]] std::vector<ProfileWindow> parse_windows(std::string_view bytes);

}  // namespace urb
