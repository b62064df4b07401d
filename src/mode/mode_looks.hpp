// What tables know of the modes. Pure: no ring and no server comes with it.
#pragma once

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

}  // namespace urb
