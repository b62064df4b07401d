// The four policies.
#include "mode/placement.hpp"

#include "base/assert.hpp"

namespace urb {

std::string_view name_of(Policy policy) noexcept {
  switch (policy) {
    case Policy::rr: return "rr";
    case Policy::random: return "random";
    case Policy::least: return "least";
    case Policy::key: return "key";
    case Policy::hash: return "hash";
  }
  return "";
}

Placement::Placement(Policy policy, unsigned worker_count, std::uint64_t seed)
    : policy_{policy},
      placed_(worker_count),
      ended_(worker_count),
      is_present_(worker_count, true),
      random_{static_cast<std::minstd_rand::result_type>(seed % 2147483646 + 1)} {}

unsigned Placement::pick(std::optional<std::uint64_t> route_hash) noexcept {
  const auto count = static_cast<unsigned>(placed_.size());
  unsigned chosen = choose(route_hash);
  // With nobody there, the first choice waits for its replacement.
  for (unsigned step = 1; step < count && !is_present_[chosen]; ++step) {
    chosen = (chosen + 1) % count;
  }
  ++placed_[chosen];
  return chosen;
}

unsigned Placement::choose(std::optional<std::uint64_t> route_hash) noexcept {
  const auto count = static_cast<unsigned>(placed_.size());
  switch (policy_) {
    case Policy::rr: return next_in_turn();
    case Policy::random: return std::uniform_int_distribution<unsigned>{0, count - 1}(random_);
    case Policy::least: return least_loaded();
    case Policy::key:
      return route_hash ? static_cast<unsigned>(*route_hash % count) : next_in_turn();
    case Policy::hash: URB_ASSERT(false);  // no master's, see require_policy()
  }
  return 0;
}

unsigned Placement::next_in_turn() noexcept {
  const unsigned chosen = turn_;
  turn_ = turn_ + 1 == placed_.size() ? 0 : turn_ + 1;
  return chosen;
}

unsigned Placement::least_loaded() noexcept {
  // Beginning in turn, so that ties do not all go to the first worker.
  const auto count = static_cast<unsigned>(placed_.size());
  const unsigned first = next_in_turn();
  unsigned best = first;
  const auto load = [this](unsigned worker) {
    URB_ASSERT(placed_[worker] >= ended_[worker]);  // no end is told twice
    return placed_[worker] - ended_[worker];
  };
  for (unsigned step = 1; step < count; ++step) {
    const unsigned worker = (first + step) % count;
    if (!is_present_[best] || (is_present_[worker] && load(worker) < load(best))) best = worker;
  }
  return best;
}

}  // namespace urb
