// What a sweep runs in its guests.
#pragma once

#include <string>
#include <vector>

#include "sweep/qemu.hpp"

namespace urb {

/// The command lines of one boot, without the program's name; their rows go to standard output, one
/// trial a cell. `typed` is what follows `--`: modes and options of a run, or `micro` and its own.
/// Empty: every mode and relay with bodies of 0, 4 KiB, 64 KiB and 1 MiB with and without reuse,
/// some of them with each kind of buffers and with 64 connections, then the operations of `micro`.
/// Counting, the number of requests is fixed (unless typed), since a time would hold as many as a
/// kernel manages.
[[nodiscard]] std::vector<std::vector<std::string>> plan_guest_runs(
    const std::vector<std::string>& typed, GuestCpu cpu);

/// The first option of `typed` that a sweep sets itself; empty when there is none.
[[nodiscard]] std::string find_reserved_option(const std::vector<std::string>& typed);

}  // namespace urb
