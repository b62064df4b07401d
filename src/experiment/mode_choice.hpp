// Which modes a run has, and what stands in the way of one: asked of the table of modes and tried
// with plain rings and processes. No server is started for it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiment/matrix.hpp"
#include "mode/mode.hpp"
#include "uring/features.hpp"

namespace urb {

/// Throws UsageError, with the nearest name, for a mode that does not exist.
const Mode& require_mode(std::string_view name);

/// What is missing here, each as a line; empty where it is not.
struct Obstacles {
  Features features;
  std::string rings;        ///< no ring can be made
  std::string memory;       ///< rings and registered buffers cannot be locked
  std::string head_memory;  ///< nor can those of a master that reads heads
  std::string processes;    ///< the master and its workers cannot be started
  std::string splices;      ///< the kernel can make no thread for linked splices
  std::string tls;          ///< the kernel cannot do the TLS that it is asked for
  std::string policy;       ///< the kernel takes no program for the policy in `direct`
};
/// Memory that a server of this configuration and its client lock: rings and registered buffers.
/// The kernel holds both against RLIMIT_MEMLOCK.
[[nodiscard]] std::size_t locked_bytes(const ServerConfig& config, bool reads_heads) noexcept;
[[nodiscard]] Obstacles find_obstacles(const ServerConfig& config);
/// The one in the way of `mode`; empty when it can run.
[[nodiscard]] std::string find_obstacle(const Mode& mode, RelayKind relay,
                                        const Obstacles& obstacles);

struct ModeChoice {
  std::vector<Subject> subjects;      ///< each once
  std::vector<std::string> left_out;  ///< of `all`: which, and why
};
/// Why a mode cannot run with this relay, where it has one; empty when it can.
using FindObstacle = std::function<std::string(const Mode&, RelayKind)>;
/// `typed` are names of modes and "all", which is what `obstacle` has nothing against. A mode may
/// have a policy of its own behind a colon. Beside several others the reference runs too, if wanted
/// and if it can. Without a `relay` a mode that has one is there
/// with each relay that runs here. Throws UsageError for an unknown name, Unsupported when no mode
/// can run.
[[nodiscard]] ModeChoice choose_modes(const std::vector<std::string>& typed, bool wants_reference,
                                      std::optional<RelayKind> relay, const FindObstacle& obstacle);

}  // namespace urb
