// What `serve` prints once it accepts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "mode/server_config.hpp"
#include "server/server.hpp"

namespace urb {

enum class ReadyForm : std::uint8_t { text, json };
[[nodiscard]] constexpr std::string_view name_of(ReadyForm form) noexcept {
  return form == ReadyForm::json ? "json" : "text";
}

/// A line, and as text another one where there is a control socket: `control`, or nullptr. The pid
/// is this process', which takes signals.
[[nodiscard]] std::string format_ready(ReadyForm form, const Server& server,
                                       const ServerConfig& config, const Address* control);

}  // namespace urb
