// Which CPU each process of a trial runs on. Pure: from what was asked for and the CPUs there are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/units.hpp"
#include "probe/topology.hpp"

namespace urb {

/// What was asked for.
struct PinRequest {
  enum class Kind : std::uint8_t { none, automatic, list };
  Kind kind = Kind::none;
  std::vector<unsigned> cpus;  ///< of `list`: client, master, then workers; at least three
};

/// "none", "auto", or a list such as "0,1,2-3".
[[nodiscard]] std::variant<PinRequest, ParseError> parse_pin(std::string_view text);

/// One CPU for each process. The io-wq threads of a process are on its CPU too, but for the
/// master's where that has a sibling to spare.
struct Pinning {
  unsigned client = 0;
  std::vector<unsigned> server;         ///< the master's, then each worker's
  std::optional<unsigned> master_iowq;  ///< of the master's io-wq threads
};

/// Nothing for `none`. A list shorter than the workers starts again with its first worker. `auto`:
/// cores behind the last-level cache that has the most come first, since everything here passes its
/// bytes on through it. The client has a whole core, so that it measures and is not measured; the
/// master has the next, its io-wq threads that core's other CPU; each worker a core as far as they
/// go, then their other CPUs, then again from the first. With two cores, master and workers share
/// the second; with one, they share what the client leaves. Throws UsageError for a CPU that is not
/// in `allowed`, which has at least one.
[[nodiscard]] std::optional<Pinning> plan_pinning(const PinRequest& request, unsigned workers,
                                                  const std::vector<CpuPlace>& allowed);

/// For the CSV: "none", or the CPUs of client, master and workers, separated by spaces; "2/3" is a
/// master on 2 with its io-wq threads on 3.
[[nodiscard]] std::string format_pinning(const std::optional<Pinning>& pinning);
/// The same as a sentence, with what there was to choose from.
[[nodiscard]] std::string describe_pinning(const Pinning& pinning,
                                           const std::vector<CpuPlace>& allowed);

/// The CPUs this process may run on, in their order.
[[nodiscard]] std::vector<unsigned> allowed_cpus();
/// Keeps the calling process on `cpu`. Its children inherit that. Throws SysError.
void pin_this_process(unsigned cpu);

}  // namespace urb
