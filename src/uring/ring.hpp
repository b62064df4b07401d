// One io_uring instance: RAII, immovable (the kernel keeps its addresses), used by the one process
// that made it. Build it after fork: a ring shared with a parent is corrupted (liburing#731).
#pragma once

#include <liburing.h>

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/units.hpp"
#include "uring/completion.hpp"
#include "uring/features.hpp"
#include "uring/token.hpp"

namespace urb {

struct RingOptions {
  unsigned sq_entries = 512;
  /// Generous: an overflowing CQ loses order and stops multishots. Sized for several completions
  /// of each connection; grows the kernel's memory by 16 bytes an entry.
  unsigned cq_entries = 16384;
  /// What it may use: kernel_features(), unless a test wants fewer.
  std::optional<Features> features;
};

/// What this ring did since it was made. Plain numbers; the owner publishes them where it likes.
struct RingCounters {
  std::uint64_t enter_count = 0;  ///< io_uring_enter(2) calls that this class asked for
  std::uint64_t sqe_count = 0;
  /// Batches for which the CQ was too small. Nothing is lost: the kernel keeps the rest and posts
  /// it with a later enter (IORING_FEAT_NODROP), but it allocates each, and multishots end. The
  /// ring's own `koverflow` counts only completions that were lost for want of memory.
  std::uint64_t cq_overflow_count = 0;
  Features used;  ///< by itself, and by whoever asked it with use()
};

class Ring {
 public:
  /// Sets up SUBMIT_ALL | SINGLE_ISSUER | DEFER_TASKRUN (Linux 6.1), or what comes nearest to it.
  /// Throws Unsupported with the remedy where the kernel or its limits refuse.
  explicit Ring(const RingOptions& options = {});
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  /// Cancels what is still in flight and waits for it, so that no buffer is written later.
  ~Ring();

  /// Whether `feature` is there; if so it counts as used from here on.
  [[nodiscard]] bool use(Feature feature) noexcept {
    if (!features_.has(feature)) return false;
    counters_.used.add(feature);
    return true;
  }

  /// A cleared SQE that completes with `token`. Submits first when the queue is full; never null.
  [[nodiscard]] io_uring_sqe* sqe(Token token) noexcept;
  /// The same for a request that nobody waits for: the ring does not count it as in flight. Where
  /// it succeeds the kernel posts no completion (5.17), which would end a wait for nothing. Else
  /// the ring drops it. It names no memory that ends before the ring.
  [[nodiscard]] io_uring_sqe* detached_sqe() noexcept;
  /// Cancels the request with `token`. Only its own completion says how it ended.
  void cancel(Token token) noexcept { io_uring_prep_cancel64(detached_sqe(), pack(token), 0); }
  /// Makes room for `count` SQEs of one linked chain: a flush in between would break it.
  void reserve(unsigned count) noexcept;

  /// Submits, then waits for at least one completion or until `deadline` on the monotonic clock.
  void submit_and_wait(Nanos deadline) noexcept;
  void submit() noexcept;
  /// Takes up to batch.size() completions off the CQ, oldest first, without those of detached
  /// requests; returns how many.
  [[nodiscard]] std::size_t collect(std::span<Completion> batch) noexcept;
  /// The time of the last collect(): the handlers' clock. They must not keep one of their own from
  /// the batch before, which may be a long wait ago.
  [[nodiscard]] Nanos now() const noexcept { return now_; }
  [[nodiscard]] bool has_completions() const noexcept { return io_uring_cq_ready(&ring_) != 0; }

  /// Gives the ring a table of `slots` direct descriptors, all free; the kernel chooses among them
  /// (5.19, io_uring_register_files_sparse(3)). At most RLIMIT_NOFILE. Throws Unsupported.
  void make_file_table(unsigned slots);
  /// Closes what is in `slot` of that table, by a system call.
  void free_slot(std::uint32_t slot) noexcept;

  /// Keeps this ring's io-wq threads on `cpu`: they do not inherit the affinity of the process
  /// (io_uring_register_iowq_aff(3), Linux 5.14). Throws Unsupported, SysError.
  void pin_kernel_threads(unsigned cpu);

  /// Bounds the io-wq threads that run what cannot wait in this one, where the kernel can (5.15);
  /// without it there may be one per splice. Nothing here depends on another's thread, since none
  /// of it ever blocks.
  ///
  /// One for every two CPUs is a good number: on two, 8 transfers took 0.094 CPU seconds per GB and
  /// 1,800 context switches with one thread, 0.122 and 5,700 without a bound (measured on 6.18).
  /// Throws SysError.
  void limit_kernel_threads(unsigned thread_count);

  /// Cancels every request and discards the completions until none is in flight. After it, memory
  /// lent to the kernel may be freed.
  void drain() noexcept;

  /// Requests whose last completion has not been collected yet, without the detached ones.
  [[nodiscard]] std::uint64_t in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] const RingCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] io_uring* raw() noexcept { return &ring_; }

 private:
  [[nodiscard]] io_uring_sqe* next_sqe(Token token) noexcept;
  void silence_detached() noexcept;
  void cancel_everything() noexcept;

  Features features_;
  io_uring ring_{};
  std::uint64_t in_flight_ = 0;
  Nanos now_ = monotonic_now();
  RingCounters counters_;
  bool tracks_requests_ = false;
  bool can_be_silent_ = false;
  bool has_detached_ = false;  ///< among those that are queued
  /// Tokens in flight, with how many have each: only where cancelling everything needs them.
  std::unordered_map<std::uint64_t, std::uint32_t> in_flight_tokens_;
};

}  // namespace urb
