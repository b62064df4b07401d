// Adds up the counters of a server's processes.
#include "experiment/shortage_watch.hpp"

#include "probe/netstat.hpp"

namespace urb {

ShortageWatch::ShortageWatch(const Server& server)
    : server_{server}, listen_overflows_before_{count_listen_overflows()} {}

Shortages ShortageWatch::look() const {
  Shortages shortages;
  for (const ServerProcess& process : server_.processes()) shortages.add(*process.counters);
  const std::optional<std::uint64_t> now = count_listen_overflows();
  // Of the whole namespace, but on a benchmark host it is our queue that overflows.
  if (now && listen_overflows_before_) {
    shortages.add(Warning::listen_overflowed, *now - *listen_overflows_before_);
  }
  return shortages;
}

}  // namespace urb
