// How a process of the server ended, in words.
#pragma once

#include <string>
#include <string_view>

namespace urb {

/// Of the exit status that Child::wait() returns: "was killed by signal 9 (Killed)", or "ended with
/// exit status 1".
[[nodiscard]] std::string describe_ending(int status);
/// What usually sends that signal, and the remedy: ": …". Empty where that is not known.
[[nodiscard]] std::string_view likely_cause_of(int status) noexcept;

}  // namespace urb
