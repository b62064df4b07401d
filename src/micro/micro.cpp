// The table, and the clocks around an operation.
#include "micro/micro.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/clock.hpp"
#include "base/window_mark.hpp"
#include "stats/stall_watch.hpp"
#include "stats/usage.hpp"

namespace urb {
namespace {

constexpr std::uint64_t k4K = 4 * 1024;
constexpr std::uint64_t k64K = 64 * 1024;
constexpr std::uint64_t k1M = 1024 * 1024;

constexpr std::array kMicros{
    Micro{"nop", "a request that does nothing", 0, [] { return make_nop(1); }},
    Micro{"nop-32", "the same, 32 for one enter", 0, [] { return make_nop(32); }},
    Micro{"fd-pass-0", "a message without descriptors", 0, [] { return make_fd_pass(0); }, true},
    Micro{"fd-pass-1", "a message with 1 descriptor, received and closed", 0,
          [] { return make_fd_pass(1); }},
    Micro{"fd-pass-16", "a message with 16", 0, [] { return make_fd_pass(16); }},
    Micro{"fd-pass-64", "a message with 64", 0, [] { return make_fd_pass(64); }},
    Micro{"pidfd-getfd", "a descriptor pulled out of another process, and closed", 0,
          [] { return make_fd_pull(); }, true},
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
    Micro{"hop-sync-64k", "64 KiB on order, splice(2) on readiness", k64K,
          [] { return make_paced_hop(RelayKind::sync, k64K); }, true},
    Micro{"hop-copy-64k", "64 KiB on order, RECV and SEND", k64K,
          [] { return make_paced_hop(RelayKind::copy, k64K); }, true},
    Micro{"hop-sockmap-64k", "64 KiB on order, redirected by the kernel", k64K,
          [] { return make_redirected_hop(k64K); }, true},
    Micro{"hop-sync-1m", "1 MiB on order, splice(2) on readiness", k1M,
          [] { return make_paced_hop(RelayKind::sync, k1M); }, true},
    Micro{"hop-copy-1m", "1 MiB on order, RECV and SEND", k1M,
          [] { return make_paced_hop(RelayKind::copy, k1M); }, true},
    Micro{"hop-sockmap-1m", "1 MiB on order, redirected by the kernel", k1M,
          [] { return make_redirected_hop(k1M); }, true},
    Micro{"loop-copy-4k", "4 KiB by RECV and SEND, a completion at a time", k4K,
          [] { return make_loop_copy(false, k4K); }, true},
    Micro{"bpf-copy-4k", "the same by a loop in the kernel", k4K,
          [] { return make_loop_copy(true, k4K); }, true},
    Micro{"loop-copy-64k", "64 KiB by RECV and SEND, a completion at a time", k64K,
          [] { return make_loop_copy(false, k64K); }, true},
    Micro{"bpf-copy-64k", "the same by a loop in the kernel", k64K,
          [] { return make_loop_copy(true, k64K); }, true},
    Micro{"accept-close", "a loopback connection, made, accepted, closed", 0,
          [] { return make_accept_close(); }},
};

// Between two looks at the clock: a tenth of a second of the slowest.
constexpr std::uint64_t kChunk = 64;

// The longest of the chunks against all: one that took far more than its share was interrupted.
class ChunkTimes {
 public:
  explicit ChunkTimes(Nanos now) noexcept : begun_{now}, last_{now} {}
  void add(Nanos now) noexcept {
    longest_ = std::max(longest_, now - std::exchange(last_, now));
    ++count_;
  }
  [[nodiscard]] Nanos stalled() const noexcept {
    if (count_ < 2) return Nanos{0};
    const Nanos usual = (last_ - begun_ - longest_) / (count_ - 1);
    constexpr int kManyTimes = 10;  // a guess
    const bool is_stall = longest_ >= StallWatch::kLeast && longest_ > kManyTimes * usual;
    return is_stall ? longest_ - usual : Nanos{0};
  }

 private:
  Nanos begun_;
  Nanos last_;
  Nanos longest_{0};
  std::int64_t count_ = 0;
};

struct Progress {
  std::uint64_t done = 0;
  Nanos stalled{0};
  bool interrupted = false;  // `stop` came first
};

Progress run_for(MicroWork& work, Nanos time, const std::atomic<bool>& stop) {
  Progress progress;
  Nanos now = monotonic_now();
  const Nanos end = now + time;
  ChunkTimes times{now};
  while (now < end && !progress.interrupted) {
    work.run(kChunk);
    progress.done += kChunk;
    now = monotonic_now();
    times.add(now);
    progress.interrupted = stop.load();
  }
  progress.stalled = times.stalled();
  return progress;
}

Progress run_count(MicroWork& work, std::uint64_t count, const std::atomic<bool>& stop) {
  Progress progress;
  ChunkTimes times{monotonic_now()};
  while (progress.done < count && !progress.interrupted) {
    const std::uint64_t chunk = std::min(kChunk, count - progress.done);
    work.run(chunk);
    progress.done += chunk;
    times.add(monotonic_now());
    progress.interrupted = stop.load();
  }
  progress.stalled = times.stalled();
  return progress;
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

bool warm_up_micro(MicroWork& work, const MicroPlan& plan, const std::atomic<bool>& stop) {
  return !stop.load() && !run_for(work, plan.warmup, stop).interrupted;
}

MicroResult measure_micro(MicroWork& work, const MicroPlan& plan, const std::atomic<bool>& stop) {
  MicroResult result;
  const RingCounters rings_before = work.counters();
  const Nanos cpu_before = own_cpu_time().total;
  urb_mark_window_begin();
  const Nanos begin = monotonic_now();
  StallWatch stall_watch;  // for suspensions, which the clock of the chunks does not see
  stall_watch.begin();
  const Progress progress = plan.operations ? run_count(work, *plan.operations, stop)
                                            : run_for(work, plan.duration, stop);
  result.operations = progress.done;
  result.interrupted = progress.interrupted;
  result.stalled = progress.stalled + stall_watch.total();
  result.elapsed = monotonic_now() - begin;
  urb_mark_window_end();
  result.cpu = own_cpu_time().total - cpu_before;
  const RingCounters rings = work.counters();
  result.used = rings.used;
  result.ring_enters = rings.enter_count - rings_before.enter_count;
  result.ring_sqes = rings.sqe_count - rings_before.sqe_count;
  return result;
}

}  // namespace urb
