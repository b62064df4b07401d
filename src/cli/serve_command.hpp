// The options of `serve`.
#pragma once

#include <optional>
#include <string>

#include "base/address.hpp"
#include "cli/flag_groups.hpp"
#include "cli/flags.hpp"
#include "cli/ready_line.hpp"
#include "mode/server_config.hpp"

namespace urb {

struct ServeOptions {
  ServerConfig server;  ///< its mode as typed, not yet known to exist
  TlsFlags tls;
  std::optional<Address> control;
  std::optional<std::string> control_token;  ///< the file
  ReadyForm ready = ReadyForm::text;
};

void declare_serve(Flags& flags, ServeOptions& options);

}  // namespace urb
