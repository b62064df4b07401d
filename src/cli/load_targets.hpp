// Where the servers are that `load` was given.
#pragma once

#include <string>
#include <vector>

#include "cli/url.hpp"
#include "experiment/trial.hpp"

namespace urb {

/// A server as the client needs it, and as rows name it.
struct Target {
  Url url;
  std::string shown;  ///< the address without secrets
};

/// Looks names up, and says on stderr what they are. Throws UsageError for a URL that is none, or
/// is there twice, Unsupported where loopback is down, runtime_error for a name without an address
/// that accepts connections.
[[nodiscard]] std::vector<Target> find_targets(const std::vector<std::string>& urls,
                                               ClientKind client);

}  // namespace urb
