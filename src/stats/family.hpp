// The processes below those that the caller names, as /proc shows them: which they are, and whether
// they are still the same at a later look.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace urb {

/// A process, told apart from a later one with the same number.
struct Relative {
  pid_t pid = 0;
  bool is_named = false;         ///< by the caller, else it is below one that is
  std::uint64_t started_at = 0;  ///< in ticks since the machine started
  /// Page faults of children that it has waited for. Any process has some, so more of them mean
  /// that a child has come and gone.
  std::uint64_t reaped_faults = 0;
  bool operator==(const Relative&) const = default;
};

/// The named processes and all below them, each once, without this process. They are ordered by
/// pid. A process that has ended is not in it. Empty when /proc does not tell: it hides processes
/// from this user, is that of another PID namespace, or the kernel lacks CONFIG_PROC_CHILDREN.
[[nodiscard]] std::optional<std::vector<Relative>> list_family(std::span<const pid_t> named);

/// From the text of /proc/<pid>/stat (proc_stat(5)). All but the last two members of Relative are
/// the caller's. Empty when the text makes no sense.
[[nodiscard]] std::optional<Relative> parse_relative(std::string_view stat);

}  // namespace urb
