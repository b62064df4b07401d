// The relay's connections to the workers: socket pairs made when they are needed, kept and reused,
// and closed when nobody has needed them for long: a burst leaves nothing behind. The worker sees
// the end of its own end, and closes that.
//
// One end stays here, the other goes to the worker through its channel, like any connection: there
// is no path and no name, so nobody else can reach it (docs/decisions/0006).
#pragma once

#include <array>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "net/handover.hpp"
#include "stats/counters.hpp"

namespace urb {

/// Two connected, non-blocking stream sockets; not open on failure, which errno explains.
[[nodiscard]] std::array<Fd, 2> make_upstream_pair() noexcept;

/// Longer than this none is kept, whatever the clients may be: making one anew is cheap, some tens
/// of microseconds, and a descriptor in two processes is not.
inline constexpr Nanos kUpstreamIdleMax = std::chrono::seconds{60};

class UpstreamPool {
 public:
  /// `idle_max`: how long one is kept without use; kUpstreamIdleMax at most.
  UpstreamPool(HandoverSender& sender, unsigned worker_count, std::size_t idle_capacity,
               Nanos idle_max, Counters& counters);

  /// A connected, non-blocking stream socket to `worker`: the idle one used last, else a new one.
  /// Not open when descriptors or memory have run out.
  [[nodiscard]] Fd take(unsigned worker) noexcept;
  /// Keeps a connection whose last exchange ended cleanly, just now.
  void put_back(unsigned worker, Fd upstream, Nanos now) noexcept;
  [[nodiscard]] Nanos next_deadline() const noexcept;
  /// Closes those that have been idle for too long.
  void on_deadline(Nanos now) noexcept;
  /// Closes the idle ones to `worker`, which is dead.
  void on_worker_lost(unsigned worker) noexcept { idle_[worker].clear(); }
  /// Closes all idle ones, which tells the workers that no more requests will come.
  void clear() noexcept;

 private:
  struct Idle {
    Fd socket;
    Nanos since;
  };
  HandoverSender& sender_;
  Counters& counters_;
  Nanos idle_max_;
  std::vector<std::vector<Idle>> idle_;  ///< by worker; the one used last is at the end
};

}  // namespace urb
