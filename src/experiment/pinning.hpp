// Which CPU each process of a trial runs on. Pure: from what was asked for and the CPUs there are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/units.hpp"

namespace urb {

/// What was asked for.
struct PinRequest {
  enum class Kind : std::uint8_t { none, automatic, list };
  Kind kind = Kind::none;
  std::vector<unsigned> cpus;  ///< of `list`: client, master, then workers; at least three
};

/// "none", "auto", or a list such as "0,1,2-3".
[[nodiscard]] std::variant<PinRequest, ParseError> parse_pin(std::string_view text);

/// One CPU for each process.
struct Pinning {
  unsigned client = 0;
  std::vector<unsigned> server;  ///< the master's, then each worker's
};

/// Nothing for `none`. A list shorter than the workers starts again with its first worker. `auto`
/// gives the client a CPU of its own, the master the next, and the workers those that are left; on
/// two CPUs, master and workers share the second. Throws UsageError for a CPU not in `allowed`.
[[nodiscard]] std::optional<Pinning> plan_pinning(const PinRequest& request, unsigned workers,
                                                  const std::vector<unsigned>& allowed);

/// For the CSV: "none", or the CPUs of client, master and workers, separated by spaces.
[[nodiscard]] std::string format_pinning(const std::optional<Pinning>& pinning);

/// The CPUs this process may run on, in their order.
[[nodiscard]] std::vector<unsigned> allowed_cpus();
/// Keeps the calling process on `cpu`. Its children inherit that. Throws SysError.
void pin_this_process(unsigned cpu);

}  // namespace urb
