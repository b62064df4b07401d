// Ring set-up, submission and reaping.
#include "uring/ring.hpp"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "uring/iowait.hpp"
#include "uring/setup_retry.hpp"

namespace urb {
namespace {

// Out of the way of those who do without: only kernels that cannot cancel everything need it.
using Tokens = std::unordered_map<std::uint64_t, std::uint32_t>;
[[gnu::noinline]] void add_one(Tokens& tokens, std::uint64_t token) { ++tokens[token]; }
[[gnu::noinline]] void remove_one(Tokens& tokens, std::uint64_t token) {
  const auto same = tokens.find(token);
  if (same != tokens.end() && --same->second == 0) tokens.erase(same);
}

}  // namespace

Ring::Ring(const RingOptions& options)
    : features_{options.features ? *options.features : kernel_features()} {
  io_uring_params params{};
  params.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
  params.cq_entries = options.cq_entries;
  if (use(Feature::submit_all)) params.flags |= IORING_SETUP_SUBMIT_ALL;
  if (use(Feature::single_issuer)) params.flags |= IORING_SETUP_SINGLE_ISSUER;
  // DEFER_TASKRUN (6.1, io_uring_setup(2)): completions run only in our own enter calls, which
  // batches them and needs no interrupt of the running thread. The next best (5.19) at least does
  // not interrupt it.
  if ((params.flags & IORING_SETUP_SINGLE_ISSUER) != 0 && use(Feature::defer_taskrun)) {
    params.flags |= IORING_SETUP_DEFER_TASKRUN;
  } else if (use(Feature::coop_taskrun)) {
    params.flags |= IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
  }
  const int result = retry_without_memory([&] {
    io_uring_params kernels = params;  // the kernel writes into them
    const int error = io_uring_queue_init_params(options.sq_entries, &ring_, &kernels);
    if (error == 0 && (kernels.flags & IORING_SETUP_NO_SQARRAY) != 0) {
      static_cast<void>(use(Feature::no_sqarray));
    }
    return error;
  });
  if (result < 0) throw_ring_error(-result);
  // A replaced worker is forked from a master that has a ring: it must not even see it.
  [[maybe_unused]] const int hidden = io_uring_ring_dontfork(&ring_);
  // Saves the fd look-up of each enter.
  if (features_.has(Feature::ring_fd) && io_uring_register_ring_fd(&ring_) == 1) {
    static_cast<void>(use(Feature::ring_fd));
  }
  // A server that waits for requests waits for no disk. Without it the host's books say so, and a
  // governor of frequencies believes them (IORING_ENTER_NO_IOWAIT, Linux 6.15).
  if (features_.has(Feature::no_iowait) && count_waits_as_idle(&ring_)) {
    static_cast<void>(use(Feature::no_iowait));
  }
  tracks_requests_ = !use(Feature::sync_cancel);
  can_be_silent_ = use(Feature::cqe_skip);
}

Ring::~Ring() {
  drain();
  io_uring_queue_exit(&ring_);
}

[[gnu::always_inline]] inline io_uring_sqe* Ring::next_sqe(Token token) noexcept {
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
  return entry;
}

io_uring_sqe* Ring::sqe(Token token) noexcept {
  io_uring_sqe* const entry = next_sqe(token);
  ++in_flight_;
  if (tracks_requests_) add_one(in_flight_tokens_, pack(token));
  return entry;
}

io_uring_sqe* Ring::detached_sqe() noexcept {
  io_uring_sqe* const entry = next_sqe({kDetachedOwner, 0, 0, 0});  // may submit
  has_detached_ = can_be_silent_;
  return entry;
}

// Only now, since io_uring_prep_*() clears the flags.
void Ring::silence_detached() noexcept {
  if (!std::exchange(has_detached_, false)) return;
  for (unsigned at = ring_.sq.sqe_head; at != ring_.sq.sqe_tail; ++at) {
    io_uring_sqe& entry = ring_.sq.sqes[at & ring_.sq.ring_mask];
    if (unpack(entry.user_data).owner == kDetachedOwner) entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
  }
}

void Ring::reserve(unsigned count) noexcept {
  if (io_uring_sq_space_left(&ring_) < count) submit();
  URB_ASSERT(io_uring_sq_space_left(&ring_) >= count);
}

void Ring::submit() noexcept {
  silence_detached();
  int result = 0;
  do {
    ++counters_.enter_count;
    result = io_uring_submit(&ring_);
    // EAGAIN and EBUSY mean "not now": the SQEs stay queued and go with the next enter. Without
    // SUBMIT_ALL a request that fails at once leaves those behind it, too.
    URB_ASSERT(result >= 0 || result == -EAGAIN || result == -EBUSY || result == -EINTR);
  } while (result > 0 && io_uring_sq_ready(&ring_) != 0);
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
  silence_detached();
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
  unsigned seen = 0;
  unsigned head = 0;
  io_uring_cqe* cqe = nullptr;
  io_uring_for_each_cqe(&ring_, head, cqe) {
    if (count == batch.size()) break;
    ++seen;
    const Completion done{unpack(cqe->user_data), cqe->res, cqe->flags};
    if (!done.more() && done.token.owner < kFirstReservedOwner) {
      --in_flight_;
      if (tracks_requests_) remove_one(in_flight_tokens_, cqe->user_data);
    }
    batch[count] = done;
    count += done.token.owner != kDetachedOwner ? 1 : 0;
  }
  io_uring_cq_advance(&ring_, seen);
  now_ = monotonic_now();
  return count;
}

void Ring::make_file_table(unsigned slots) {
  const int result =
      retry_without_memory([&] { return io_uring_register_files_sparse(&ring_, slots); });
  if (result == -EINVAL) {
    throw_missing("a table of direct descriptors was refused; Linux 5.19 or later is needed");
  }
  if (result < 0) throw_refused("io_uring_register", -result, {5, 1});
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
  if (result == -EINVAL) {
    throw Unsupported("kernel threads cannot be pinned; Linux 5.14 or later, or --pin none");
  }
  if (result < 0) throw_refused("io_uring_register", -result, {5, 1}, "use --pin none");
}

void Ring::limit_kernel_threads(unsigned thread_count) {
  if (!use(Feature::iowq_limit)) return;
  // Sockets and pipes are "unbounded" work; 0 leaves the bounded kind, files, as it is.
  unsigned limits[2] = {0, thread_count};
  const int result = io_uring_register_iowq_max_workers(&ring_, limits);
  if (result < 0) throw_refused("io_uring_register", -result, {5, 1});
}

void Ring::cancel_everything() noexcept {
  if (!tracks_requests_) {
    io_uring_sync_cancel_reg everything{};
    everything.fd = -1;
    everything.flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL;
    everything.timeout.tv_sec = 0;
    everything.timeout.tv_nsec = 0;
    // ENOENT (nothing found) and ETIME (still running) are both answered by collecting again.
    [[maybe_unused]] const int cancelled = io_uring_register_sync_cancel(&ring_, &everything);
    return;
  }
  const std::vector<std::pair<std::uint64_t, std::uint32_t>> tokens{in_flight_tokens_.begin(),
                                                                    in_flight_tokens_.end()};
  for (const auto& [token, count] : tokens) {
    // Each cancels one of those that have the token.
    for (std::uint32_t times = 0; times < count; ++times) cancel(unpack(token));
  }
}

void Ring::drain() noexcept {
  Completion discarded[64];
  const Nanos give_up = monotonic_now() + std::chrono::seconds{10};
  submit();
  while (in_flight_ != 0) {
    cancel_everything();
    submit_and_wait(monotonic_now() + std::chrono::milliseconds{20});
    while (collect(discarded) != 0) {
    }
    URB_ASSERT(monotonic_now() < give_up);
  }
}

}  // namespace urb
