#include "cli/ready_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/version.hpp"
#include "uring/features.hpp"

namespace urb {

std::string format_ready(ReadyForm form, const Server& server, const ServerConfig& config,
                         const Address* control) {
  const std::string address = format_address(server.address());
  const std::string control_address = control != nullptr ? format_address(*control) : "";
  if (form == ReadyForm::text) {
    std::string text =
        fmt::format("listening on {} ({}, {} workers)\n", address, config.mode, config.workers);
    if (control != nullptr) text += fmt::format("control on {}\n", control_address);
    return text;
  }
  using Json = nlohmann::ordered_json;
  const Json json{{"address", address},
                  {"pid", getpid()},
                  {"mode", config.mode},
                  {"workers", config.workers},
                  {"tool", kVersion},
                  {"features", format_features(kernel_features())},
                  {"control", control != nullptr ? Json(control_address) : Json(nullptr)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace urb
