// Which worker gets it: one policy for every mode, chosen by flag, never by the mode.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "mode/server_config.hpp"
#include "stats/counters.hpp"

namespace urb {

class Placement {
 public:
  Placement(Policy policy, unsigned worker_count, std::uint64_t seed);

  /// Chooses a worker. `route_hash` is the hash of the request's key, if a head has been read and
  /// has one; without it `key` falls back to rr.
  [[nodiscard]] unsigned pick(std::optional<std::uint64_t> route_hash = {}) noexcept;

  /// For `least`: one piece of work given by pick() is over.
  void release(unsigned worker) noexcept { ++finished_[worker]; }
  /// A worker that is not present gets nothing while there is another that is.
  void set_present(unsigned worker, bool is_present) noexcept { is_present_[worker] = is_present; }

  /// For `least`, where the workers' ends are seen only through their counters.
  void observe_closed(std::span<const Counters* const> worker_counters) noexcept;
  /// The same after the death of `worker`: all that it was given is over, counted or not.
  void observe_death(unsigned worker, std::span<const Counters* const> worker_counters) noexcept;

 private:
  [[nodiscard]] unsigned choose(std::optional<std::uint64_t> route_hash) noexcept;
  [[nodiscard]] unsigned next_in_turn() noexcept;
  [[nodiscard]] unsigned least_loaded() noexcept;

  Policy policy_;
  std::vector<std::uint64_t> assigned_;
  std::vector<std::uint64_t> finished_;
  std::vector<bool> is_present_;
  std::minstd_rand random_;
  unsigned turn_ = 0;
};

}  // namespace urb
