// Looks at what runs short while a server runs: its processes' counters, and the kernel's.
#pragma once

#include <cstdint>
#include <optional>

#include "row/shortages.hpp"
#include "server/server.hpp"

namespace urb {

class ShortageWatch {
 public:
  /// `server` outlives the watch. The kernel's counters count from here on, the server's own since
  /// its start.
  explicit ShortageWatch(const Server& server);
  /// Everything so far.
  [[nodiscard]] Shortages look() const;

 private:
  const Server& server_;
  std::optional<std::uint64_t> listen_overflows_before_;
};

}  // namespace urb
