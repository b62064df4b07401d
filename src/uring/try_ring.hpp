// What the tries of features are made with: a small ring that waits for one completion at a time,
// and a pair of sockets. Fewer requests than kTryEntries are under way at a time.
#pragma once

#include <liburing.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>

#include "base/assert.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/refusal.hpp"
#include "uring/setup_retry.hpp"

namespace urb {

/// Of a completion that is on its way for certain; a machine that is busy may take long.
inline constexpr Nanos kCertain = std::chrono::seconds{1};
inline constexpr unsigned kTryEntries = 4;

class TryRing {
 public:
  explicit TryRing(unsigned flags) noexcept {
    params_.flags = flags;
    result_ = retry_without_memory([&] {
      io_uring_params kernels = params_;
      const int result = io_uring_queue_init_params(kTryEntries, &ring_, &kernels);
      if (result == 0) params_ = kernels;
      return result;
    });
  }
  TryRing(const TryRing&) = delete;
  TryRing& operator=(const TryRing&) = delete;
  ~TryRing() {
    if (result_ == 0) io_uring_queue_exit(&ring_);
  }

  /// 0, or a negative errno: there is no ring then.
  [[nodiscard]] int result() const noexcept { return result_; }
  [[nodiscard]] const io_uring_params& params() const noexcept { return params_; }
  [[nodiscard]] io_uring* raw() noexcept { return &ring_; }

  /// Cleared; there are fewer than kTryEntries at a time.
  [[nodiscard]] io_uring_sqe* sqe() noexcept {
    io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
    URB_ASSERT(entry != nullptr);
    return entry;
  }
  /// Submits a request that does nothing. 0, or the positive errno of io_uring_enter(2).
  [[nodiscard]] int try_enter() noexcept {
    io_uring_prep_nop(sqe());
    const int submitted = io_uring_submit(&ring_);
    if (submitted < 0) return -submitted;
    next(kCertain);
    return 0;
  }
  struct Done {
    int result = -ETIME;  ///< nothing came
    bool more = false;
    unsigned flags = 0;  ///< of the completion
  };
  /// Submits, and takes the next completion if it comes within `patience`.
  Done next(Nanos patience) noexcept {
    __kernel_timespec limit{patience.count() / 1'000'000'000, patience.count() % 1'000'000'000};
    io_uring_cqe* cqe = nullptr;
    if (io_uring_submit_and_wait_timeout(&ring_, &cqe, 1, &limit, nullptr) < 0) return {};
    if (io_uring_peek_cqe(&ring_, &cqe) != 0) return {};
    const Done done{cqe->res, (cqe->flags & IORING_CQE_F_MORE) != 0, cqe->flags};
    io_uring_cqe_seen(&ring_, cqe);
    return done;
  }

 private:
  io_uring_params params_{};
  io_uring ring_{};
  int result_;
};

struct Pair {
  Fd near;
  Fd far;
};

inline Pair make_pair_of_sockets() {
  int ends[2];
  check_allowed(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair", {2, 6});
  return {Fd{Adopt{}, ends[0]}, Fd{Adopt{}, ends[1]}};
}

}  // namespace urb
