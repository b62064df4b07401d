// What a row says of its server, in words of the program.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <variant>

#include "base/error.hpp"
#include "experiment/mechanism.hpp"

namespace urb {
namespace {

template <class Kind, std::size_t Count>
void read_kind(std::string_view text, const std::array<Kind, Count>& kinds, Kind& kind) {
  for (const Kind candidate : kinds) {
    if (text == name_of(candidate)) kind = candidate;
  }
}

}  // namespace

MechanismClaim read_claim(const Row& row, const ServerConfig& config) {
  MechanismClaim claim{.mode = find_mode(row.mode),
                       .relay = config.relay,
                       .copy_max = config.relay_copy_max.value_or(Bytes{kCopyMaxDefault}).value,
                       .buffers = config.buffers,
                       .tls = config.tls.kind};
  if (claim.mode == nullptr) throw UsageError(fmt::format("there is no mode {}", row.mode));
  claim.policy = policy_of(*claim.mode, config.policy);
  read_kind(std::string_view{row.policy}, kPolicies, claim.policy);
  const std::string_view tls = row.tls;
  read_kind(tls.substr(0, tls.find('+')), tls::kKinds, claim.tls);
  const std::string_view relay = row.relay;
  const std::size_t colon = std::min(relay.find(':'), relay.size());
  read_kind(relay.substr(0, colon),
            std::array{RelayKind::linked, RelayKind::sync, RelayKind::copy, RelayKind::automatic},
            claim.relay);
  if (colon < relay.size()) {
    const auto parsed = parse_bytes(relay.substr(colon + 1));
    if (const Bytes* const border = std::get_if<Bytes>(&parsed)) claim.copy_max = border->value;
  }
  read_kind(std::string_view{row.buffers},
            std::array{BufferKind::registered, BufferKind::provided, BufferKind::provided_inc,
                       BufferKind::plain},
            claim.buffers);
  return claim;
}

}  // namespace urb
