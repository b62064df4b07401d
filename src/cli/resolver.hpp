// Names of hosts → addresses. From /etc/hosts and DNS alone, which are part of the C library since
// glibc 2.34 (its NEWS). A static program could load other services of nsswitch.conf only from the
// very glibc that it was built with.
#pragma once

#include <string>
#include <vector>

#include "base/address.hpp"

namespace urb {

/// In the resolver's order (RFC 6724), each once, and at least one. May take as long as DNS has
/// patience. Throws runtime_error, with the name and the resolver's reason.
[[nodiscard]] std::vector<Address> look_up(const std::string& name, std::uint16_t port);

}  // namespace urb
