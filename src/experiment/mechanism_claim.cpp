// What a row says of its server, in words of the program.
#include <fmt/format.h>

#include <array>
#include <string_view>

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
                       .buffers = config.buffers,
                       .has_tls = row.tls.starts_with(name_of(tls::Kind::worker))};
  if (claim.mode == nullptr) throw UsageError(fmt::format("there is no mode {}", row.mode));
  claim.policy = policy_of(*claim.mode, config.policy);
  read_kind(std::string_view{row.policy}, kPolicies, claim.policy);
  read_kind(std::string_view{row.relay}, kRelays, claim.relay);
  read_kind(std::string_view{row.buffers},
            std::array{BufferKind::registered, BufferKind::provided, BufferKind::provided_inc,
                       BufferKind::plain},
            claim.buffers);
  return claim;
}

}  // namespace urb
