// Memory of processes and of the kernel's sockets, as /proc tells it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace urb {

/// Proportional set size of a process in KiB: what it has mapped, where what it shares with others
/// counts by its share. Registered buffers are in it. Empty where /proc/<pid>/smaps_rollup is not
/// readable.
[[nodiscard]] std::optional<std::uint64_t> sample_memory_kb(pid_t pid);
/// From its text.
[[nodiscard]] std::optional<std::uint64_t> parse_pss_kb(std::string_view smaps_rollup);

/// Buffers of all TCP sockets of this host, in KiB. The kernel counts pages, over all network
/// namespaces (/proc/net/sockstat).
[[nodiscard]] std::optional<std::uint64_t> sample_socket_memory_kb();
[[nodiscard]] std::optional<std::uint64_t> parse_tcp_pages(std::string_view sockstat);

}  // namespace urb
