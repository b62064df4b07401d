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

auto master_of(const Mode& mode, tls::Kind kind) noexcept -> void (*)(MasterContext&) {
  return kind == tls::Kind::ktls ? mode.run_ktls_master : mode.run_master;
}

auto worker_of(const Mode& mode, tls::Kind kind) noexcept -> void (*)(WorkerContext&) {
  switch (kind) {
    case tls::Kind::worker: return mode.run_tls_worker;
    case tls::Kind::ktls: return mode.run_ktls_worker;
    case tls::Kind::off: break;
  }
  return mode.run_worker;
}

std::string find_tls_obstacle(const Mode& mode, tls::Kind kind) {
  if (master_of(mode, kind) != nullptr && worker_of(mode, kind) != nullptr) return {};
  const std::string_view why =
      kind == tls::Kind::ktls
          ? ": its master reads no head; use socket, msgring-head or passthru"
          : ": its master reads heads, which are sealed; use cluster, direct or msgring";
  return std::string{mode.name} + " has no --tls " + std::string{name_of(kind)} + std::string{why};
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
