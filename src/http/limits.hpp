// Limits and deadlines of the HTTP side, the same for workers and master.
#pragma once

#include <optional>

#include "base/units.hpp"

namespace urb::http {

struct Limits {
  Nanos header_timeout = std::chrono::seconds{10};  ///< for the whole head, not between bytes
  Nanos body_timeout = std::chrono::seconds{10};    ///< without progress
  Nanos idle_timeout = std::chrono::seconds{60};    ///< keep-alive, between requests
  std::optional<Bytes> max_body;                    ///< else 413
  bool behind_proxy = false;                        ///< heads come from our own proxy
};

}  // namespace urb::http
