// Names, sets, and the set of this process.
#include "uring/abilities.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/error.hpp"

namespace urb {

std::string_view name_of(Ability ability) noexcept {
  switch (ability) {
    case Ability::submit_all: return "submit_all";
    case Ability::coop_taskrun: return "coop_taskrun";
    case Ability::single_issuer: return "single_issuer";
    case Ability::defer_taskrun: return "defer_taskrun";
    case Ability::no_sqarray: return "no_sqarray";
    case Ability::ring_fd: return "ring_fd";
    case Ability::sync_cancel: return "sync_cancel";
    case Ability::accept_multishot: return "accept_multishot";
    case Ability::recv_multishot: return "recv_multishot";
    case Ability::send_waitall: return "send_waitall";
    case Ability::iowq_limit: return "iowq_limit";
    case Ability::msg_ring_fd: return "msg_ring_fd";
    case Ability::socket_command: break;
  }
  return "socket_command";
}

Abilities Abilities::of_bits(std::uint64_t bits) noexcept {
  Abilities abilities;
  abilities.bits_ = bits;
  return abilities;
}

std::string format_abilities(Abilities abilities) {
  if (abilities == Abilities{}) return "none";
  std::string text;
  for (unsigned index = 0; index < kAbilityCount; ++index) {
    const auto ability = static_cast<Ability>(index);
    if (!abilities.has(ability)) continue;
    if (!text.empty()) text += ';';
    text += name_of(ability);
  }
  return text;
}

Abilities without(Abilities abilities, std::string_view names) {
  if (names == "all") return {};
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(','));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    unsigned index = 0;
    while (index < kAbilityCount && name_of(static_cast<Ability>(index)) != name) ++index;
    if (index == kAbilityCount) {
      throw UsageError("URB_TEST_WITHOUT: there is no ability named " + std::string{name});
    }
    abilities.remove(static_cast<Ability>(index));
  }
  return abilities;
}

Abilities kernel_abilities() {
  static const Abilities found = [] {
    const char* const missing = std::getenv("URB_TEST_WITHOUT");
    return without(try_abilities(), missing == nullptr ? "" : missing);
  }();
  return found;
}

void throw_ring_error(int error) {
  switch (error) {
    case ENOSYS:
      throw Unsupported(
          "io_uring_setup: this kernel has no io_uring; Linux 5.11 or later with CONFIG_IO_URING "
          "is needed");
    case EPERM:
      throw Unsupported(
          "io_uring_setup: not permitted; set sysctl kernel.io_uring_disabled=0, and in a "
          "container allow io_uring in the seccomp profile");
    case EINVAL: throw Unsupported("io_uring_setup: refused; Linux 5.11 or later is needed");
    case ENOMEM:
      throw Unsupported(
          "io_uring_setup: no memory for the ring; raise ulimit -l, use fewer workers or --buffers "
          "plain, or free memory");
    default: throw SysError("io_uring_setup", error, hint_for_errno(error));
  }
}

}  // namespace urb
