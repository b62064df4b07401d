// Which of this host's namespaces a process is in: whether two processes see the same network, and
// what one that names itself is called here.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace urb {

/// "net:[4026531840]" for the kind "net": the same text for all processes in it, on one host. Empty
/// where /proc does not tell.
[[nodiscard]] std::string own_namespace(const std::string& kind);
/// The number that this process sees of the one with number `pid` in PID namespace `where`, as
/// own_namespace("pid") says it there. Empty where it sees none.
[[nodiscard]] std::optional<pid_t> find_process(const std::string& where, pid_t pid);
/// Of the network that this process is in, as `ip netns` names it. Empty where it has no name.
[[nodiscard]] std::string own_network_name();
/// uname(2)'s name of this host. Behind a slash follows the network's name, where it has one.
[[nodiscard]] std::string own_host_name();

/// From the text of /proc/<pid>/status: the number in its innermost namespace.
[[nodiscard]] std::optional<pid_t> parse_innermost_pid(const std::string& status);

}  // namespace urb
