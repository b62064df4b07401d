// From what a guest prints to rows: those of its trials, and one for a boot that did not get there.
#pragma once

#include <optional>
#include <string>

#include "row/row.hpp"
#include "sweep/boot.hpp"
#include "sweep/kernel_image.hpp"

namespace urb {

/// What the host knows of a boot and its guest does not.
struct BootContext {
  std::string run_id;
  const KernelImage& kernel;
  std::string machine;  ///< as describe_machine() says
  GuestCpu cpu = GuestCpu::tcg;
  unsigned settle_s = 0;
  unsigned repeat = 1;
};

/// A line of a guest's output as a row, with what the host knows. Empty for a header. Throws
/// runtime_error for what is neither.
///
/// Counting, all figures of time go, and the CPU times become instructions: an instruction takes a
/// nanosecond there. `instructions_per_request` is the sum of client, master and workers, and
/// `guest` has each of them. What others executed meanwhile is in none, and in `guest` as "others":
/// threads of the kernel, such as ksoftirqd.
[[nodiscard]] std::optional<Row> parse_guest_line(const std::string& line,
                                                  const BootContext& context);

/// For a boot that ended early, in place of what it still owed.
[[nodiscard]] Row make_failure_row(const BootResult& result, const BootContext& context,
                                   const std::string& mode);

}  // namespace urb
