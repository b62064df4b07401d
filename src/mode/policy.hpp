// The names of the policies.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace urb {

/// Which worker gets a connection or request. Masters have the first four, and `direct` has all but
/// key (mode/listener_group.hpp).
enum class Policy : std::uint8_t {
  rr,      ///< round robin
  random,  ///< uniform; of a master from the seed
  least,   ///< the worker with the fewest connections or requests in flight
  /// Hash of the request's X-Route header, or of the name in the ClientHello; rr where nothing has
  /// been read.
  key,
  hash,  ///< the kernel's, of a connection's addresses and ports
};

inline constexpr std::array kPolicies{Policy::rr, Policy::random, Policy::least, Policy::key,
                                      Policy::hash};
[[nodiscard]] std::string_view name_of(Policy policy) noexcept;

}  // namespace urb
