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

  /// Whether ends have to be told at all: only `least` asks.
  [[nodiscard]] bool counts_ends() const noexcept { return policy_ == Policy::least; }
  /// For `least`: one piece of work given by pick() is over.
  void release(unsigned worker) noexcept { ++ended_[worker]; }
  /// The same where ends are counted elsewhere: so many have ended since the start.
  void set_ended(unsigned worker, std::uint64_t count) noexcept { ended_[worker] = count; }
  /// `worker` is dead: of all that it was given, only `kept` are not over. They wait for its
  /// replacement.
  void forget_all_but(unsigned worker, std::uint64_t kept) noexcept {
    placed_[worker] = ended_[worker] + kept;
  }
  /// A worker that is not present gets nothing while there is another that is.
  void set_present(unsigned worker, bool is_present) noexcept { is_present_[worker] = is_present; }
  void on_worker_lost(unsigned worker) noexcept { set_present(worker, false); }
  void on_worker_back(unsigned worker) noexcept { set_present(worker, true); }

 private:
  [[nodiscard]] unsigned choose(std::optional<std::uint64_t> route_hash) noexcept;
  [[nodiscard]] unsigned next_in_turn() noexcept;
  [[nodiscard]] unsigned least_loaded() noexcept;

  Policy policy_;
  // What pick() has placed, and how much of it is over. Each end is told once, so that the
  // difference is what a worker has or is about to get.
  std::vector<std::uint64_t> placed_;
  std::vector<std::uint64_t> ended_;
  std::vector<bool> is_present_;
  std::minstd_rand random_;
  unsigned turn_ = 0;
};

}  // namespace urb
