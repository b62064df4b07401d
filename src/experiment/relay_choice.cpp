#include "experiment/relay_choice.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiment/relay_crossing.hpp"
#include "mode/mode.hpp"

namespace urb {
namespace {

bool has_relay(const Subject& subject) {
  const Mode* const mode = find_mode(subject.mode);
  return mode != nullptr && mode->has_relay;
}

}  // namespace

std::string relay_text(const ServerConfig& config) {
  const std::string name{name_of(config.relay)};
  return config.relay_copy_max ? name + ":" + format_bytes(*config.relay_copy_max) : name;
}

std::string settle_relay(ServerConfig& config, const std::vector<Subject>& subjects) {
  if (config.relay != RelayKind::automatic || config.relay_copy_max) return {};
  if (std::none_of(subjects.begin(), subjects.end(), has_relay)) return {};
  constexpr int kRounds = 25;
  config.relay_copy_max = find_crossing(measure_relay_costs(kRounds));
  if (config.relay_copy_max->value == 0) return "--relay auto, measured: splices every size\n";
  return fmt::format("--relay auto, measured: copies up to {}, splices more\n",
                     format_bytes(*config.relay_copy_max));
}

}  // namespace urb
