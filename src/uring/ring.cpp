// Ring set-up, submission and reaping.
#include "uring/ring.hpp"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/assert.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "uring/setup_retry.hpp"

namespace urb {
namespace {

[[noreturn]] void throw_setup_error(int error) {
  switch (error) {
    case ENOSYS:
      throw Unsupported(
          "io_uring_setup: this kernel has no io_uring; Linux 6.1 or later is needed");
    case EPERM:
      throw Unsupported(
          "io_uring_setup: not permitted; set sysctl kernel.io_uring_disabled=0, and in a "
          "container "
          "allow io_uring in the seccomp profile");
    case EINVAL:
      throw Unsupported(
          "io_uring_setup: SINGLE_ISSUER|DEFER_TASKRUN refused; Linux 6.1 or later is needed");
    case ENOMEM:
      throw Unsupported(
          "io_uring_setup: no memory for the ring; raise ulimit -l, use fewer workers or --buffers "
          "plain, or free memory");
    default: throw SysError("io_uring_setup", error, hint_for_errno(error));
  }
}

}  // namespace

Ring::Ring(const RingOptions& options) {
  io_uring_params params{};
  const auto set_up = [&] {
    io_uring_params kernels = params;  // the kernel writes into them
    return io_uring_queue_init_params(options.sq_entries, &ring_, &kernels);
  };
  // DEFER_TASKRUN (6.1, io_uring_setup(2)): completions run only in our own enter calls, which
  // batches them and needs no interrupt of the running thread.
  params.flags = IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                 IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
  params.cq_entries = options.cq_entries;
  const int result = retry_without_memory(set_up);
  if (result < 0) throw_setup_error(-result);
  // A replaced worker is forked from a master that has a ring: it must not even see it.
  [[maybe_unused]] const int hidden = io_uring_ring_dontfork(&ring_);
  // 5.18: saves the fd look-up of each enter. A kernel that refuses costs only that saving.
  [[maybe_unused]] const int registered = io_uring_register_ring_fd(&ring_);
}

Ring::~Ring() {
  drain();
  io_uring_queue_exit(&ring_);
}

io_uring_sqe* Ring::sqe(Token token) noexcept {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  if (entry == nullptr) {
    submit();
    entry = io_uring_get_sqe(&ring_);
    URB_ASSERT(entry != nullptr);
  }
  // io_uring_get_sqe clears nothing (liburing#848) and prep_* leave user_data alone, so a caller
  // may prep after this line.
  io_uring_sqe_set_data64(entry, pack(token));
  ++counters_.sqe_count;
  ++in_flight_;
  return entry;
}

void Ring::reserve(unsigned count) noexcept {
  if (io_uring_sq_space_left(&ring_) < count) submit();
  URB_ASSERT(io_uring_sq_space_left(&ring_) >= count);
}

void Ring::submit() noexcept {
  ++counters_.enter_count;
  const int result = io_uring_submit(&ring_);
  // EAGAIN and EBUSY mean "not now": the SQEs stay queued and go with the next enter.
  URB_ASSERT(result >= 0 || result == -EAGAIN || result == -EBUSY || result == -EINTR);
}

void Ring::submit_and_wait(Nanos deadline) noexcept {
  __kernel_timespec timeout{};
  __kernel_timespec* limit = nullptr;
  if (deadline != kNever) {
    const Nanos left = std::max(Nanos{0}, deadline - monotonic_now());
    timeout.tv_sec = left.count() / 1'000'000'000;
    timeout.tv_nsec = left.count() % 1'000'000'000;
    limit = &timeout;
  }
  ++counters_.enter_count;
  io_uring_cqe* first = nullptr;
  const int result = io_uring_submit_and_wait_timeout(&ring_, &first, 1, limit, nullptr);
  // ETIME and EINTR are "nothing yet"; EAGAIN and EBUSY leave the SQEs queued.
  URB_ASSERT(result >= 0 || result == -ETIME || result == -EINTR || result == -EAGAIN ||
             result == -EBUSY);
}

std::size_t Ring::collect(std::span<Completion> batch) noexcept {
  if (io_uring_cq_has_overflow(&ring_)) ++counters_.cq_overflow_count;
  std::size_t count = 0;
  unsigned head = 0;
  io_uring_cqe* cqe = nullptr;
  io_uring_for_each_cqe(&ring_, head, cqe) {
    if (count == batch.size()) break;
    const Completion done{unpack(cqe->user_data), cqe->res, cqe->flags};
    if (!done.more() && done.token.owner != kMessageOwner) --in_flight_;
    batch[count++] = done;
  }
  io_uring_cq_advance(&ring_, static_cast<unsigned>(count));
  now_ = monotonic_now();
  return count;
}

void Ring::make_file_table(unsigned slots) {
  const int result =
      retry_without_memory([&] { return io_uring_register_files_sparse(&ring_, slots); });
  if (result == -EINVAL) {
    throw Unsupported("a table of direct descriptors was refused; Linux 5.19 or later is needed");
  }
  if (result < 0) {
    throw SysError("io_uring_register_files_sparse", -result, hint_for_errno(-result));
  }
}

void Ring::free_slot(std::uint32_t slot) noexcept {
  int none = -1;
  // Fails only for a slot that is not in the table, which would be our bug.
  const int result = io_uring_register_files_update(&ring_, slot, &none, 1);
  URB_ASSERT(result == 1);
}

void Ring::pin_kernel_threads(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  const int result = io_uring_register_iowq_aff(&ring_, sizeof set, &set);
  if (result < 0) throw SysError("io_uring_register_iowq_aff", -result, hint_for_errno(-result));
}

void Ring::drain() noexcept {
  Completion discarded[64];
  const Nanos give_up = monotonic_now() + std::chrono::seconds{10};
  submit();
  while (in_flight_ != 0) {
    io_uring_sync_cancel_reg everything{};
    everything.fd = -1;
    everything.flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL;
    everything.timeout.tv_sec = 0;
    everything.timeout.tv_nsec = 0;
    // ENOENT (nothing found) and ETIME (still running) are both answered by collecting again.
    [[maybe_unused]] const int cancelled = io_uring_register_sync_cancel(&ring_, &everything);
    submit_and_wait(monotonic_now() + std::chrono::milliseconds{20});
    while (collect(discarded) != 0) {
    }
    URB_ASSERT(monotonic_now() < give_up);
  }
}

}  // namespace urb
