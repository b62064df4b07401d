// The table of modes, made from the list in meson.build.
#include "mode/mode.hpp"

#include <array>

namespace urb {

#define URB_MODE(name) extern const Mode mode_##name;
#include "mode/modes.inc"
#undef URB_MODE

namespace {

constexpr std::array kModes{
#define URB_MODE(name) &mode_##name,
#include "mode/modes.inc"
#undef URB_MODE
};

}  // namespace

std::span<const Mode* const> all_modes() noexcept { return kModes; }

const Mode* find_mode(std::string_view name) noexcept {
  for (const Mode* const mode : kModes) {
    if (mode->name == name) return mode;
  }
  return nullptr;
}

}  // namespace urb
