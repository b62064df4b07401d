// What `--relay auto` copies, where nobody has said it.
#pragma once

#include <string>
#include <vector>

#include "experiment/matrix.hpp"
#include "mode/server_config.hpp"

namespace urb {

/// As in the CSV, before a size has been measured: "linked", "auto", "auto:4k".
[[nodiscard]] std::string relay_text(const ServerConfig& config);
/// Where `auto` came without a size and one of `subjects` has a relay, measures it, which takes
/// some 20 ms. A line of the head that says what was found; empty where nothing was measured.
[[nodiscard]] std::string settle_relay(ServerConfig& config, const std::vector<Subject>& subjects);

}  // namespace urb
