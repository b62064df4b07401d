// One load made by several clients: what each has to do of it, and what it came to. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "load/generator.hpp"

namespace urb {

/// The shares of `count` clients. Connections, rate and number of requests are divided, and the
/// first get what is left over. Throws UsageError where one of them would get nothing.
[[nodiscard]] std::vector<LoadOptions> split_load(const LoadOptions& options, std::size_t count);

/// What became of one client's share.
struct ClientShare {
  std::string name;
  const LoadResult& load;
  Nanos cpu{0};
};
/// Histograms merged, counts added, and rates too: windows differ by moments, so the length of all
/// together is the one at which their requests have the sum of their rates. Not empty.
[[nodiscard]] LoadResult merge_loads(const std::vector<ClientShare>& shares);

/// How busy a client was in several windows, and how late in the open loop.
struct ClientUse {
  Nanos cpu{0};
  Nanos elapsed{0};
  Histogram lateness;
  void add(const LoadResult& load, Nanos used);
};
/// "61 % of a CPU, late by 80 us at p99, 400 us at most".
[[nodiscard]] std::string describe_use(const ClientUse& use);

}  // namespace urb
