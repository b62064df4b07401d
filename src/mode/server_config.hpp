// Everything a server is started with. Filled by the command line or by an experiment's trial.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/units.hpp"
#include "http/limits.hpp"
#include "mode/policy.hpp"
#include "net/planted_faults.hpp"
#include "net/relay_kind.hpp"
#include "tls/serving.hpp"
#include "uring/buffer_pool.hpp"

namespace urb {

struct ServerConfig {
  std::string mode;
  unsigned workers = 4;
  Address listen = Address::loopback(0);
  std::optional<Policy> policy;  ///< none: the mode's own, see policy_of()
  RelayKind relay = RelayKind::sync;
  BufferKind buffers = BufferKind::registered;
  Bytes response_bytes{0};  ///< 0: the short JSON object
  http::Limits limits;
  tls::Serving tls;
  Nanos grace = std::chrono::seconds{5};
  std::uint64_t seed = 1;
  /// CPU of the master, then of each worker; empty: wherever the scheduler likes. The io-wq threads
  /// of a pinned process run on its CPU too, unless the master's have one of their own.
  std::vector<unsigned> pins;
  std::optional<unsigned> master_iowq_pin;
  PlantedFaults faults;  ///< of each worker, for tests
};

}  // namespace urb
