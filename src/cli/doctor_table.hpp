// What `doctor` knows beyond the modes: the kernel's features, limits and programs, each with what
// needs it and what to do about it.
#pragma once

#include <optional>
#include <string>

#include "experiment/mode_choice.hpp"

namespace urb {

/// A table, a line for each feature: since which kernel, whether it is in `here`, for what, and
/// what happens without it.
[[nodiscard]] std::string format_feature_table(Features here);
/// What the kernel says of itself, in a line; empty where it cannot be asked.
[[nodiscard]] std::string format_answer(const std::optional<KernelAnswer>& answer);
/// The same for this process' limits and this host's settings: what it is, the value here, what
/// needs it, and the remedy where it is little.
[[nodiscard]] std::string format_limit_table(const Obstacles& obstacles,
                                             const std::string& loopback_problem);
/// The same for what TLS needs.
[[nodiscard]] std::string format_tls_table();
/// The same for programs that some commands start, looked for in PATH.
[[nodiscard]] std::string format_program_table();

}  // namespace urb
