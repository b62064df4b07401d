// The relay's connections to the workers: socket pairs made when they are needed, kept and reused.
//
// One end stays here, the other goes to the worker through its channel, like any connection: there
// is no path and no name, so nobody else can reach it (docs/decisions/0006).
#pragma once

#include <array>
#include <vector>

#include "base/fd.hpp"
#include "net/handover.hpp"
#include "stats/counters.hpp"

namespace urb {

/// Two connected, non-blocking stream sockets; not open on failure, which errno explains.
[[nodiscard]] std::array<Fd, 2> make_upstream_pair() noexcept;

class UpstreamPool {
 public:
  UpstreamPool(HandoverSender& sender, unsigned worker_count, std::size_t idle_capacity,
               Counters& counters);

  /// A connected, non-blocking stream socket to `worker`: the idle one used last, else a new one.
  /// Not open when descriptors or memory have run out.
  [[nodiscard]] Fd take(unsigned worker) noexcept;
  /// Keeps a connection whose last exchange ended cleanly.
  void put_back(unsigned worker, Fd upstream) noexcept;
  /// Closes the idle ones to `worker`, which is dead.
  void clear(unsigned worker) noexcept { idle_[worker].clear(); }
  /// Closes all idle ones, which tells the workers that no more requests will come.
  void clear() noexcept;

 private:
  HandoverSender& sender_;
  Counters& counters_;
  std::vector<std::vector<Fd>> idle_;
};

}  // namespace urb
