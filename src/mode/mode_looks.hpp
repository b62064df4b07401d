// What tables know of the modes. Pure: no ring and no server comes with it.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

namespace urb {

struct ModeLook {
  std::string_view name;
  bool has_relay;     ///< a row's `relay` says which data path it took
  bool is_reference;  ///< the others are held against it
};

/// All modes, in the order in which tables list them.
[[nodiscard]] std::span<const ModeLook> mode_looks() noexcept;

/// Whether that is another policy than the mode has by itself. Empty: it is not known.
[[nodiscard]] inline bool has_policy_of_its_own(std::string_view mode, std::string_view policy) {
  const auto looks = mode_looks();
  const bool is_kernels = std::any_of(looks.begin(), looks.end(), [mode](const ModeLook& look) {
    return look.is_reference && look.name == mode;
  });
  return !policy.empty() && policy != (is_kernels ? "hash" : "rr");
}

}  // namespace urb
