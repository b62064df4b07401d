// Whether a mode did what its name says. A figure under the name of a mechanism that was not used
// is worse than none. Pure arithmetic over what client and server counted.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "mode/mode.hpp"
#include "mode/server_config.hpp"
#include "row/row.hpp"
#include "server/server.hpp"
#include "stats/counters.hpp"

namespace urb {

/// What a row says of its server.
struct MechanismClaim {
  const Mode* mode = nullptr;
  RelayKind relay = RelayKind::linked;  ///< of a mode that has one
  BufferKind buffers = BufferKind::registered;
  Policy policy = Policy::hash;
  bool has_tls = false;  ///< of the workers
};

/// The claim of `row`. What its text leaves open, as "auto" without a size does, is as in `config`.
/// Throws UsageError for a mode that there is not.
[[nodiscard]] MechanismClaim read_claim(const Row& row, const ServerConfig& config);

/// What one server process had done when it ended.
struct ProcessDeeds {
  ProcessRole role = ProcessRole::worker;
  Counts counts;
  Features used;  ///< of the kernel, by its ring
};
[[nodiscard]] std::vector<ProcessDeeds> read_deeds(std::span<const ServerProcess> processes);

/// What a client did in all, warm-up included, that was the server's only one.
struct ClientDeeds {
  std::uint64_t connections = 0;  ///< that carried a request
  std::uint64_t requests = 0;
  std::uint64_t body_bytes = 0;  ///< of requests
  /// Connections at most that it gave up before it had sent anything on them.
  std::uint64_t unused_connections = 0;
  /// Requests and connections at most that it left in flight, and has not counted.
  std::uint64_t uncounted = 0;
  bool has_mix = false;  ///< bodies of several sizes
};

/// In which point the server did not do what the claim says; empty when it did. The rules follow
/// from the table of modes. They allow for what ClientDeeds names, and otherwise only for what the
/// definition says beside each rule.
[[nodiscard]] std::string find_broken_claim(const MechanismClaim& claim,
                                            std::span<const ProcessDeeds> server,
                                            const ClientDeeds& client);

/// Fills the columns of what ran from what all processes counted within the window. `relay_used`
/// and `buffers_used` name each way that brought at least 1 % of the bytes. What a proxy forwards
/// with a head counts as copied, and names no way. `row` has its mode and relay already.
void fill_mechanism(Row& row, const Counts& counts);
/// Fills `placed_by`. `kernel_placed` is Counts::kernel_placed of all processes since they started:
/// connections of a window may be older than it. `row` has its mode and policy already.
void fill_placement(Row& row, std::uint64_t kernel_placed);

}  // namespace urb
