// How much memory this virtual machine has given back to its host.
#pragma once

#include <cstdint>
#include <optional>

#include "base/small_files.hpp"

namespace urb {

/// KiB of free pages that were reported to the host since the boot. Their next use is slow, and
/// nothing else in the guest shows it. Empty where the kernel does not count it.
[[nodiscard]] inline std::optional<std::uint64_t> count_reported_kib() {
  return parse_count(read_small_file("/sys/module/page_reporting/parameters/reported_kib"));
}

}  // namespace urb
