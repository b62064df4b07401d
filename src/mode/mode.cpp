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

// With TLS in the worker, nobody else reads from the socket.
auto master_of(const Mode& mode, tls::Kind kind) noexcept -> void (*)(MasterContext&) {
  switch (kind) {
    case tls::Kind::worker: return mode.reads_heads ? nullptr : mode.run_master;
    case tls::Kind::sni: return mode.run_sni_master;
    case tls::Kind::ktls: return mode.run_ktls_master;
    case tls::Kind::off: break;
  }
  return mode.run_master;
}

auto worker_of(const Mode& mode, tls::Kind kind) noexcept -> void (*)(WorkerContext&) {
  switch (kind) {
    case tls::Kind::worker:
    case tls::Kind::sni: return mode.run_tls_worker;
    case tls::Kind::ktls: return mode.run_ktls_worker;
    case tls::Kind::off: break;
  }
  return mode.run_worker;
}

std::string find_tls_obstacle(const Mode& mode, tls::Kind kind) {
  if (master_of(mode, kind) != nullptr && worker_of(mode, kind) != nullptr) return {};
  std::string_view why;
  switch (kind) {
    case tls::Kind::worker:
      why =
          ": its master reads heads, which are sealed; use cluster, direct or msgring, or "
          "another --tls";
      break;
    case tls::Kind::sni: why = ": no master there chooses by what a client says; use socket"; break;
    case tls::Kind::ktls:
      why = ": its master reads no head; use socket, msgring-head or passthru";
      break;
    case tls::Kind::off: break;
  }
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
