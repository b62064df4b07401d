// A few large pipes, lent out only while bytes are in transit through them.
//
// Few, because a user's pipes share a budget of pages (fs.pipe-user-pages-soft: 64 MiB), and a
// pipe made beyond it has one page. Large, because a splice moves at most one pipe of bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "stats/counters.hpp"

namespace urb {

/// One pipe, both ends non-blocking. Not open: no pipe.
struct Pipe {
  Fd read_end;
  Fd write_end;
  std::uint32_t capacity_bytes = 0;
  bool is_spare = false;
  [[nodiscard]] bool is_open() const noexcept { return read_end.is_open(); }
};

struct PipePoolOptions {
  std::uint32_t pipe_count = 32;
  /// fs.pipe-max-size as the kernel comes. With a quarter of it the relay took 1.8 (sync) to 2.4
  /// times (linked) the CPU per byte: measured on 6.18, two CPUs, 8 transfers of 10 MiB.
  std::uint32_t pipe_bytes = 1024 * 1024;
  /// Further pipes of the kernel's default size, for when all are stuck behind targets that take
  /// nothing. They are slower, but no transfer waits for another client. They are closed after use.
  std::uint32_t spare_count = 0;
  /// A pipe that nobody has needed for this long is closed, but for a few.
  Nanos idle_timeout = kNever;
};

class PipePool {
 public:
  /// Makes the first pipe, so that trouble with pipes shows here; throws SysError. A pool of no
  /// pipes is allowed and empty for ever.
  PipePool(const PipePoolOptions& options, Counters& counters);
  PipePool(const PipePool&) = delete;
  PipePool& operator=(const PipePool&) = delete;

  /// The pipe used last, whose pages are warm, else a new one; not open when all are lent, or when
  /// no descriptor is left to make one.
  [[nodiscard]] Pipe try_take() noexcept;
  /// Takes `pipe` back. One that is not empty is closed: its bytes must not reach the next user.
  /// No splice into or out of it is running; close(2) would hang behind that splice.
  void give_back(Pipe pipe, bool is_empty) noexcept;

  /// Pipes that try_take() can still give, made or not.
  [[nodiscard]] std::uint32_t free_count() const noexcept {
    return options_.pipe_count - lent_count_;
  }
  [[nodiscard]] std::uint32_t pipe_count() const noexcept { return options_.pipe_count; }

  /// There are more than trim() would leave: it is due an idle_timeout() from now.
  [[nodiscard]] bool has_idle_pipes() const noexcept {
    return options_.idle_timeout != kNever && idle_.size() > kIdlePipesMin;
  }
  [[nodiscard]] Nanos idle_timeout() const noexcept { return options_.idle_timeout; }
  /// Closes the pipes that have not been needed since the last call, but kIdlePipesMin.
  void trim() noexcept;
  /// What a server that has had a burst keeps.
  static constexpr std::size_t kIdlePipesMin = 4;

 private:
  /// Not open on failure, which errno explains.
  [[nodiscard]] Pipe try_make(bool is_spare) noexcept;

  PipePoolOptions options_;
  Counters& counters_;
  std::uint32_t lent_count_ = 0;
  std::uint32_t spares_lent_ = 0;
  std::vector<Pipe> idle_;
  std::size_t idle_least_ = 0;  ///< the fewest that were idle at any time since the last trim()
};

}  // namespace urb
