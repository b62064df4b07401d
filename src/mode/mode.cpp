// The table of modes, made from the list in meson.build.
#include "mode/mode.hpp"

#include <algorithm>
#include <array>

#include "mode/mode_looks.hpp"

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
  const auto* const found = std::find_if(kModes.begin(), kModes.end(),
                                         [name](const Mode* mode) { return mode->name == name; });
  return found == kModes.end() ? nullptr : *found;
}

std::string find_tls_obstacle(const Mode& mode, tls::Kind kind) {
  const std::string name{mode.name};
  if (kind == tls::Kind::worker && (mode.reads_heads || mode.run_tls_worker == nullptr)) {
    const std::string remedy = mode.run_sni_master == nullptr ? "use " : "use --tls sni, or ";
    return name + " has no --tls worker: its master reads heads, which are sealed; " + remedy +
           "cluster, direct or msgring";
  }
  if (kind == tls::Kind::sni && mode.run_sni_master == nullptr) {
    const std::string remedy = mode.run_tls_worker == nullptr ? "use " : "use --tls worker, or ";
    return name + " has no --tls sni: no master chooses by what a client says there; " + remedy +
           "socket";
  }
  return {};
}

std::span<const ModeLook> mode_looks() noexcept {
  static const auto looks = [] {
    std::array<ModeLook, kModes.size()> made;
    std::transform(kModes.begin(), kModes.end(), made.begin(), [](const Mode* mode) {
      return ModeLook{
          .name = mode->name, .has_relay = mode->has_relay, .is_reference = mode->is_reference};
    });
    return made;
  }();
  return looks;
}

}  // namespace urb
