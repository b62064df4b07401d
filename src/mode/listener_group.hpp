// Placement without a master: a program in the kernel chooses among the workers' listeners, which
// share a port (SO_REUSEPORT). The choice is made once for a connection, when its SYN arrives.
//
//   random        a classic filter, which every user may attach (Linux 4.5)
//   rr, least     an eBPF program with CAP_BPF (Linux 5.12)
//
// hash is what the kernel does without any program. key is refused: a SYN carries no request.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "mode/mode.hpp"
#include "mode/server_config.hpp"

namespace urb {

/// What `least` knows of one worker. A cache line of memory that program and worker share.
///
/// The difference is the worker's work at hand: connections that are open, or on their way to it.
struct alignas(64) WorkerLoad {
  std::atomic<std::uint64_t> given{0};  ///< connections; the program alone adds
  std::atomic<std::uint64_t> ended{0};  ///< of them; the worker alone writes, while there is one
  /// Added to the difference. The program makes it large when it finds the listener closed.
  std::atomic<std::uint64_t> gone{0};
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && sizeof(WorkerLoad) == 64);

/// The program of a group of listeners, and what it needs. The listeners are the caller's.
class ListenerGroup {
 public:
  /// Loads what `policy` needs for this number of workers. Throws Unsupported with the remedy
  /// where this process may not, and SysError.
  ListenerGroup(Policy policy, unsigned worker_count);
  ListenerGroup(const ListenerGroup&) = delete;
  ListenerGroup& operator=(const ListenerGroup&) = delete;
  ~ListenerGroup();

  /// From here on `worker` gets connections through `listener`, which listens already, until that
  /// is closed. It is the first listener of a worker, or its replacement's. Throws SysError.
  void admit(unsigned worker, int listener);

  /// Memory for the worker's own WorkerLoad; empty where the policy counts nothing. It lives until
  /// this object does, and stays mapped in processes that were forked.
  [[nodiscard]] std::span<std::byte> load_memory(unsigned worker) const noexcept;

 private:
  struct State;  // the shared memory
  void make_program(Policy policy, unsigned worker_count);

  unsigned worker_count_;
  Fd listeners_;  // the map of listeners by worker
  Fd state_map_;
  State* state_ = nullptr;
  Fd program_;  // none: the classic filter
};

/// Throws UsageError for a policy that makes no sense in `mode`, or on a listener of this kind.
void require_policy(const Mode& mode, Policy policy, bool is_unix);
/// What keeps this process from having `policy` in `direct`; empty when nothing does.
[[nodiscard]] std::string find_policy_obstacle(Policy policy);

/// The worker's side of `least`: tells the program what has ended.
class LoadReport {
 public:
  /// Borrows `memory`, of ListenerGroup::load_memory(), and the worker's own counters.
  LoadReport(std::span<std::byte> memory, Counters& counters) noexcept;

  void on_batch_end(Nanos now) noexcept;
  [[nodiscard]] Nanos next_deadline() const noexcept { return forget_at_; }
  void on_deadline(Nanos now) noexcept { on_batch_end(now); }

 private:
  /// Connections that the program gave to this worker since it started.
  [[nodiscard]] std::uint64_t given() const noexcept;

  WorkerLoad* load_ = nullptr;  ///< none: nobody asks
  Counters& counters_;
  std::uint64_t placed_before_ = 0;
  std::uint64_t opened_before_ = 0;
  std::uint64_t closed_before_ = 0;
  std::uint64_t given_before_ = 0;
  std::uint64_t forgotten_ = 0;     ///< given, and never arrived; modulo 2^64, may be below zero
  std::uint64_t least_on_way_ = 0;  ///< since the last look
  Nanos forget_at_ = kNever;        ///< even an idle worker looks, or it would stay without work
};

}  // namespace urb
