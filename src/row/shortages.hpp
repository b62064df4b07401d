// What ran short in a server, as its processes counted it, and the warning for each kind.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "row/warnings.hpp"
#include "stats/counters.hpp"

namespace urb {

/// Counts by kind of shortage; kinds that did not happen are absent.
class Shortages {
 public:
  /// Adds everything that one process has counted since it began.
  void add(const Counters& counters);
  void add(Warning kind, std::uint64_t count);

  [[nodiscard]] std::uint64_t count_of(Warning kind) const;
  [[nodiscard]] Warnings kinds() const;
  /// "fds_exhausted 12, small_pipes 1"; empty when nothing was short.
  [[nodiscard]] std::string describe() const;
  /// The sentences of all kinds, each after "; ": to be appended to the reason of a failure.
  [[nodiscard]] std::string remedies() const;

 private:
  std::map<Warning, std::uint64_t> counts_;
};

}  // namespace urb
