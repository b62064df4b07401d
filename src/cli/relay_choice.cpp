// `auto` without a size: measured once for all servers of the command.
#include "cli/relay_choice.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiment/relay_crossing.hpp"

namespace urb {
namespace {

constexpr int kRounds = 25;

bool is_measured(const Options& options) {
  return options.relay == RelayKind::automatic && !options.relay_copy_max &&
         std::any_of(options.modes.begin(), options.modes.end(),
                     [](const std::string& mode) { return mode == "passthru" || mode == "all"; });
}

}  // namespace

void set_relay(ServerConfig& config, const Options& options) {
  config.relay = options.relay;
  if (options.relay_copy_max) config.relay_copy_max = *options.relay_copy_max;
  if (is_measured(options)) config.relay_copy_max = find_crossing(measure_relay_costs(kRounds));
}

std::string relay_text(const Options& options) {
  const std::string name{name_of(options.relay)};
  return options.relay_copy_max ? name + ":" + format_bytes(*options.relay_copy_max) : name;
}

std::string describe_relay(const ServerConfig& config, const Options& options) {
  if (!is_measured(options)) return {};
  if (config.relay_copy_max.value == 0) return "--relay auto, measured: splices every size\n";
  return fmt::format("--relay auto, measured: copies up to {}, splices more\n",
                     format_bytes(config.relay_copy_max));
}

}  // namespace urb
