// Pipes and their size.
#include "net/pipe_pool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/assert.hpp"
#include "base/error.hpp"

namespace urb {

PipePool::PipePool(const PipePoolOptions& options, Counters& counters)
    : options_{options}, counters_{counters} {
  idle_.reserve(options_.pipe_count);
  if (options_.pipe_count == 0) return;
  Pipe first = try_make(/*is_spare=*/false);
  if (!first.is_open()) throw_errno("pipe2");
  idle_.push_back(std::move(first));
}

Pipe PipePool::try_make(bool is_spare) noexcept {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    counters_.count_shortage(errno);
    return {};
  }
  Pipe made{Fd{Adopt{}, ends[0]}, Fd{Adopt{}, ends[1]}, 0, is_spare};
  if (is_spare) {
    counters_.small_pipes.add();
    made.capacity_bytes = static_cast<std::uint32_t>(fcntl(ends[1], F_GETPIPE_SZ));
    return made;
  }
  // Refused with EPERM above fs.pipe-max-size and beyond the user's budget of pages. The pipe works
  // at the size that it has; the count says why it is slow.
  const int wanted = static_cast<int>(options_.pipe_bytes);
  int size = fcntl(ends[1], F_SETPIPE_SZ, wanted);
  if (size < wanted) {
    counters_.small_pipes.add();
    size = fcntl(ends[1], F_GETPIPE_SZ);
    URB_ASSERT(size > 0);
  }
  made.capacity_bytes = static_cast<std::uint32_t>(size);
  return made;
}

Pipe PipePool::try_take() noexcept {
  if (lent_count_ == options_.pipe_count) {
    if (spares_lent_ == options_.spare_count) return {};
    Pipe spare = try_make(/*is_spare=*/true);
    if (spare.is_open()) ++spares_lent_;
    return spare;
  }
  Pipe pipe;
  if (idle_.empty()) {
    pipe = try_make(/*is_spare=*/false);
    if (!pipe.is_open()) return {};
  } else {
    pipe = std::move(idle_.back());
    idle_.pop_back();
    idle_least_ = std::min(idle_least_, idle_.size());
  }
  ++lent_count_;
  return pipe;
}

void PipePool::trim() noexcept {
  const std::size_t needless = std::min(idle_least_, idle_.size());
  if (needless > kIdlePipesMin) {
    // The front has waited for longest: take and give are at the back.
    idle_.erase(idle_.begin(),
                idle_.begin() + static_cast<std::ptrdiff_t>(needless - kIdlePipesMin));
  }
  idle_least_ = idle_.size();
}

void PipePool::give_back(Pipe pipe, bool is_empty) noexcept {
  URB_ASSERT(pipe.is_open());
  if (pipe.is_spare) {
    --spares_lent_;
    return;
  }
  URB_ASSERT(lent_count_ != 0);
  --lent_count_;
  if (is_empty) idle_.push_back(std::move(pipe));  // within the capacity reserved at first
}

}  // namespace urb
