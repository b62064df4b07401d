// Which routing keys the client sends under `--policy key`, and where each of them ought to go.
#pragma once

#include <vector>

#include "load/generator.hpp"

namespace urb {

/// Keys for every worker, the same number for each, with the worker that the server's own hash and
/// placement give them. The client is told and does not compute it: it knows nothing of servers.
[[nodiscard]] std::vector<Route> make_routes(unsigned workers);

}  // namespace urb
