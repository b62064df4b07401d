// The kernel's view of TCP sockets (NETLINK_SOCK_DIAG), for what no socket call tells: whether the
// other process has read what was sent to it, and which sockets of a port still have an owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/address.hpp"

namespace urb::test {

/// Bytes that the owner of the socket from `local` to `peer` has read from it. Nothing when there
/// is no such socket, or when this kernel has no tcp_diag.
[[nodiscard]] std::optional<std::uint64_t> bytes_read(const Address& local, const Address& peer);

/// Sockets bound to `local` that some process holds or that wait to be accepted; listeners and
/// TIME_WAIT are not counted. Throws SysError.
[[nodiscard]] std::size_t connected_sockets(const Address& local);

}  // namespace urb::test
