// The relay that was asked for, in the configuration of a server.
#pragma once

#include <string>

#include "cli/options.hpp"
#include "mode/server_config.hpp"

namespace urb {

/// Sets kind and size. Where `auto` came without a size and `passthru` is among the modes, measures
/// it, which takes some 20 ms.
void set_relay(ServerConfig& config, const Options& options);
/// As in the CSV: "linked", "auto", "auto:4k".
[[nodiscard]] std::string relay_text(const Options& options);
/// What `auto` copies, as a line of the head; empty where nothing was measured.
[[nodiscard]] std::string describe_relay(const ServerConfig& config, const Options& options);

}  // namespace urb
