// A client that is not this process: under another program, in another network, on other hosts, or
// several of them. A trial sees one load, whoever made it.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <string>
#include <vector>

#include "load/generator.hpp"

namespace urb {

struct FarLoad {
  LoadResult result;     ///< of all clients together
  Nanos cpu{0};          ///< of all clients in their windows
  double throttled = 0;  ///< of the CPU quota of the client that met its own most, see CpuShares
  bool has_full_host = false;  ///< all CPUs of a client's host were busy
  std::string problem;         ///< why there are no figures, by the client's name; empty: there are
  std::string
      disturbed;  ///< reasons of hosts that are not this one, joined by ';', each "client-…"
  std::string disturber;  ///< the busiest of the others there, with the host
  std::string link;       ///< of the column
  bool is_blind = false;  ///< such a host did not tell whether it was disturbed
};

class FarClient {
 public:
  FarClient() = default;
  FarClient(const FarClient&) = delete;
  FarClient& operator=(const FarClient&) = delete;
  virtual ~FarClient() = default;

  /// Starts what does not run. Throws runtime_error that names the client and the cause, and
  /// UsageError for what no repetition mends, such as another version.
  virtual void make_ready() = 0;
  /// Of the clients that run on this host: they are no foreign processes.
  [[nodiscard]] virtual std::vector<pid_t> pids_here() const = 0;
  /// As run_load(). on_window_begin is called when all clients have ended their warm-up, which goes
  /// on until it returns, and on_window_end when the first of them ends its window. So the load is
  /// whole between the two.
  [[nodiscard]] virtual FarLoad run(const LoadOptions& options, const LoadHooks& hooks,
                                    const std::atomic<bool>& stop) = 0;
};

}  // namespace urb
