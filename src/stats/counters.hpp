// One page of named event counts per process: the only memory that processes share.
//
// The owner writes with plain relaxed stores (single writer, no locked instruction); anyone who
// mapped the page before the fork may read at any time. Counts only grow.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <type_traits>

namespace urb {

/// A count with one writer.
class Counter {
 public:
  void add(std::uint64_t amount = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  /// For figures that are kept elsewhere and published here, such as the ring's own.
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);  // shared between processes

/// What one server process counts: the list is counters.inc. Zero-filled memory is a valid start.
struct Counters {
#define URB_COUNTER(name) Counter name;
#include "stats/counters.inc"
  Counter features;  ///< no count: the bits of uring/features that its ring used

  /// Counts what `error`, a positive errno, says has run out; nothing for any other.
  void count_shortage(int error) noexcept {
    switch (error) {
      case EMFILE: fds_exhausted.add(); break;
      case ETOOMANYREFS: in_flight_fds_exhausted.add(); break;
      case ENFILE: files_exhausted.add(); break;
      case ENOMEM:
      case ENOBUFS: kernel_memory_exhausted.add(); break;
      default: break;
    }
  }
};
static_assert(sizeof(Counters) <= 4096);  // one page
static_assert(std::is_standard_layout_v<Counters>);

/// What the counters of a process, or of several, said at one moment.
struct Counts {
#define URB_COUNTER(name) std::uint64_t name = 0;
#include "stats/counters.inc"

  Counts() = default;
  explicit Counts(const Counters& page) noexcept {
#define URB_COUNTER(name) name = page.name.get();
#include "stats/counters.inc"
  }
  Counts& operator+=(const Counts& other) noexcept {
#define URB_COUNTER(name) name += other.name;
#include "stats/counters.inc"
    return *this;
  }
  Counts& operator-=(const Counts& other) noexcept {
#define URB_COUNTER(name) name -= other.name;
#include "stats/counters.inc"
    return *this;
  }
};

}  // namespace urb
