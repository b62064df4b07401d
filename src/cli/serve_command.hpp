// The options of `serve`.
#pragma once

#include "cli/flags.hpp"
#include "mode/server_config.hpp"

namespace urb {

struct ServeOptions {
  ServerConfig server;  ///< its mode as typed, not yet known to exist
};

void declare_serve(Flags& flags, ServeOptions& options);

}  // namespace urb
