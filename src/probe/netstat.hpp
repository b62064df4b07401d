// The kernel's TCP counters of this network namespace.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace urb {

/// How often any listen queue was full when a connection came (TcpExt ListenOverflows), since the
/// namespace began. Unknown where /proc/net/netstat is not readable.
[[nodiscard]] std::optional<std::uint64_t> count_listen_overflows();

/// A counter of /proc/net/netstat, which has for each group a line of names and one of values.
[[nodiscard]] std::optional<std::uint64_t> find_netstat(std::string_view text,
                                                        std::string_view group,
                                                        std::string_view name);

}  // namespace urb
