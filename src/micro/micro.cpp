// The table, and the clocks around an operation.
#include "micro/micro.hpp"

#include <algorithm>
#include <array>

#include "base/clock.hpp"
#include "stats/usage.hpp"

namespace urb {
namespace {

constexpr std::uint64_t k64K = 64 * 1024;
constexpr std::uint64_t k1M = 1024 * 1024;

constexpr std::array kMicros{
    Micro{"nop", "a request that does nothing", 0, [] { return make_nop(1); }},
    Micro{"nop-32", "the same, 32 for one enter", 0, [] { return make_nop(32); }},
    Micro{"fd-pass-1", "a message with 1 descriptor, received and closed", 0,
          [] { return make_fd_pass(1); }},
    Micro{"fd-pass-16", "a message with 16", 0, [] { return make_fd_pass(16); }},
    Micro{"fd-pass-64", "a message with 64", 0, [] { return make_fd_pass(64); }},
    Micro{"msg-ring-fd", "a direct descriptor into another ring, closed there", 0,
          [] { return make_ring_pass(); }},
    Micro{"splice-64k", "64 KiB from TCP to a unix socket, linked SPLICE requests", k64K,
          [] { return make_relay_hop(RelayKind::linked, k64K); }},
    Micro{"splice-1m", "1 MiB, the same way", k1M,
          [] { return make_relay_hop(RelayKind::linked, k1M); }},
    Micro{"copy-64k", "64 KiB from TCP to a unix socket, RECV and SEND", k64K,
          [] { return make_relay_hop(RelayKind::copy, k64K); }},
    Micro{"copy-1m", "1 MiB, the same way", k1M,
          [] { return make_relay_hop(RelayKind::copy, k1M); }},
    Micro{"accept-close", "a loopback connection, made, accepted, closed", 0,
          [] { return make_accept_close(); }},
};

// Between two looks at the clock: a tenth of a second of the slowest.
constexpr std::uint64_t kChunk = 64;

// True when `stop` came first.
bool run_for(MicroWork& work, Nanos time, std::uint64_t& done, const std::atomic<bool>& stop) {
  const Nanos end = monotonic_now() + time;
  while (monotonic_now() < end) {
    if (stop.load()) return true;
    work.run(kChunk);
    done += kChunk;
  }
  return false;
}

bool run_count(MicroWork& work, std::uint64_t count, std::uint64_t& done,
               const std::atomic<bool>& stop) {
  while (done < count) {
    if (stop.load()) return true;
    const std::uint64_t chunk = std::min(kChunk, count - done);
    work.run(chunk);
    done += chunk;
  }
  return false;
}

}  // namespace

std::span<const Micro> all_micros() noexcept { return kMicros; }

const Micro* find_micro(std::string_view name) noexcept {
  constexpr std::string_view kPrefix = "micro-";
  if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
  const auto* const found =
      std::find_if(kMicros.begin(), kMicros.end(), [&](const Micro& m) { return m.name == name; });
  return found == kMicros.end() ? nullptr : found;
}

MicroResult measure_micro(MicroWork& work, const MicroPlan& plan, const std::atomic<bool>& stop) {
  MicroResult result;
  std::uint64_t warmed_up = 0;
  result.interrupted = run_for(work, plan.warmup, warmed_up, stop);
  if (result.interrupted) return result;
  const RingCounters rings_before = work.counters();
  const Nanos cpu_before = own_cpu_time().total;
  const Nanos begin = monotonic_now();
  result.interrupted = plan.operations ? run_count(work, *plan.operations, result.operations, stop)
                                       : run_for(work, plan.duration, result.operations, stop);
  result.elapsed = monotonic_now() - begin;
  result.cpu = own_cpu_time().total - cpu_before;
  const RingCounters rings = work.counters();
  result.used = rings.used;
  result.ring_enters = rings.enter_count - rings_before.enter_count;
  result.ring_sqes = rings.sqe_count - rings_before.sqe_count;
  return result;
}

}  // namespace urb
