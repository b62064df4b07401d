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

/// What one server process counts. Zero-filled memory is a valid start.
struct Counters {
  Counter connections_opened;  ///< worker: adopted or accepted; master: accepted
  Counter connections_closed;
  Counter requests;            ///< answered with a final response
  Counter request_errors;      ///< answered with 4xx or 5xx
  Counter request_body_bytes;  ///< parsed as body, framing not included
  Counter response_body_bytes;
  Counter handover_messages;     ///< SENDMSG with descriptors that completed
  Counter handover_connections;  ///< descriptors in them
  Counter handover_errors;       ///< sockets that were closed instead
  Counter handover_stalls;       ///< messages that found their channel full, and waited
  Counter handover_refusals;     ///< sockets refused, since too many waited for their worker
  Counter accept_errors;
  Counter connection_resets;  ///< ended by the peer or an I/O error, not by the protocol
  Counter receive_starved;    ///< a receive had to wait for a buffer
  Counter late_completions;   ///< for a slot that already had another tenant
  Counter short_splices;      ///< splices that moved less than asked, or found nothing
  Counter upstream_opened;    ///< passthru: socket pairs made
  Counter upstream_reused;
  Counter ring_enters;
  Counter ring_sqes;
  Counter cq_overflows;  ///< batches that found more completions than the queue holds
  Counter small_pipes;   ///< pipes that were refused the size asked for
  Counter starts;        ///< worker: times that it was ready; beyond 1, replacements of dead ones
  Counter workers_lost;  ///< master: workers that died
  Counter features;      ///< the bits of uring/features that its ring used
  // What ran out, counted each time that something was refused for it.
  Counter fds_exhausted;            ///< of this process (EMFILE), received ones included
  Counter files_exhausted;          ///< of the host (ENFILE)
  Counter kernel_memory_exhausted;  ///< ENOMEM, ENOBUFS of a call
  Counter in_flight_fds_exhausted;  ///< descriptors in channels, of this user (ETOOMANYREFS)
  Counter slots_exhausted;          ///< connections beyond the capacity, closed at once

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

}  // namespace urb
