// One byte from a pipe into another.
#include "uring/kernel_thread.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <liburing.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "base/assert.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "uring/features.hpp"
#include "uring/setup_retry.hpp"

namespace urb {
namespace {

// A thread is made within a millisecond. The kernel tries three times before it gives up (6.18),
// and says so; older ones say nothing. A machine that is busy may take long.
constexpr std::chrono::seconds kPatience{5};

struct Pipe {
  Pipe() {
    int ends[2];
    check(pipe2(ends, O_CLOEXEC | O_NONBLOCK), "pipe2");
    read = Fd{Adopt{}, ends[0]};
    write = Fd{Adopt{}, ends[1]};
  }
  Fd read;
  Fd write;
};

class SmallRing {
 public:
  SmallRing() {
    const int result = retry_without_memory([&] { return io_uring_queue_init(2, &ring_, 0); });
    if (result < 0) throw_ring_error(-result);
  }
  SmallRing(const SmallRing&) = delete;
  SmallRing& operator=(const SmallRing&) = delete;
  ~SmallRing() { io_uring_queue_exit(&ring_); }

  [[nodiscard]] int splice(const Pipe& from, const Pipe& to) noexcept {
    io_uring_sqe* const sqe = io_uring_get_sqe(&ring_);
    URB_ASSERT(sqe != nullptr);
    io_uring_prep_splice(sqe, from.read.get(), -1, to.write.get(), -1, 1, 0);
    io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
    const int submitted = io_uring_submit(&ring_);
    if (submitted < 0) return submitted;
    __kernel_timespec limit{kPatience.count(), 0};
    io_uring_cqe* done = nullptr;
    const Nanos give_up = monotonic_now() + kPatience;
    int waited = 0;
    do {
      waited = io_uring_wait_cqe_timeout(&ring_, &done, &limit);
    } while (waited == -EINTR && monotonic_now() < give_up);
    if (waited < 0) return waited;
    const int result = done->res;
    io_uring_cqe_seen(&ring_, done);
    return result;
  }

 private:
  io_uring ring_{};
};

}  // namespace

int try_kernel_thread() {
  const Pipe from;
  const Pipe to;
  check(write(from.write.get(), "x", 1), "write to a pipe");
  SmallRing ring;
  const int result = ring.splice(from, to);
  return result < 0 ? -result : 0;
}

void require_kernel_thread(const char* other_way) {
  const int error = try_kernel_thread();
  if (error == 0) return;
  if (error != ECANCELED && error != ETIME && error != EAGAIN) {
    throw SysError("splice by a kernel thread", error, hint_for_errno(error));
  }
  throw Unsupported(fmt::format(
      "the kernel can make no thread for splices: the limit of processes is reached; raise ulimit "
      "-u and the container's limit (cgroup pids.max), or {}",
      other_way));
}

}  // namespace urb
