// The options of `serve`.
#pragma once

#include "cli/flag_groups.hpp"
#include "cli/flags.hpp"
#include "mode/server_config.hpp"

namespace urb {

struct ServeOptions {
  ServerConfig server;  ///< its mode as typed, not yet known to exist
  TlsFlags tls;
};

void declare_serve(Flags& flags, ServeOptions& options);

}  // namespace urb
