// Names of the relay's data paths.
#include "net/relay_kind.hpp"

namespace urb {

std::string_view name_of(RelayKind relay) noexcept {
  switch (relay) {
    case RelayKind::linked: return "linked";
    case RelayKind::sync: return "sync";
    case RelayKind::copy: return "copy";
  }
  return "";
}

}  // namespace urb
