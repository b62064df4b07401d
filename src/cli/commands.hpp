// What each command does: glue between the options and the layers below. Each returns the exit
// code, or throws what main reports: UsageError, Unsupported, other std::exceptions.
#pragma once

#include <string_view>

#include "cli/options.hpp"

namespace urb {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;  ///< of `compare`, any failure: its 1 means "worse"
inline constexpr int kExitUnsupported = 77;

/// Does not return where this process is the first of a virtual machine that `sweep` made.
void run_if_guest() noexcept;

[[nodiscard]] int run_command(const Options& options);

// Those it chooses from.
[[nodiscard]] int run_benchmark(const Options& options);
[[nodiscard]] int run_serve(const Options& options);
[[nodiscard]] int run_load_only(const Options& options);
[[nodiscard]] int run_doctor(const Options& options);
[[nodiscard]] int run_micro(const Options& options);
[[nodiscard]] int run_compare(const Options& options);
[[nodiscard]] int run_sweep(const Options& options);
[[nodiscard]] int run_report(const Options& options);
[[nodiscard]] int run_list_modes();
[[nodiscard]] int run_list_columns(const Options& options);

/// Throws UsageError, with the nearest name, for a mode that does not exist.
void require_mode(std::string_view name);

/// Throws UsageError for what --client ab cannot do.
void require_client(const Options& options);

/// "uring-bench: …" on stderr, as one line whatever the text holds.
void print_error(std::string_view what);

}  // namespace urb
