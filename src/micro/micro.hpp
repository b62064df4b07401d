// One kernel operation at a time: what the modes are made of, apart from them.
//
// The command `micro`, the kernel sweep and the Google Benchmark programs run the same objects, so
// that all of them measure the same thing. Each is driven by one thread; where two sides are
// needed, that thread has both of them, and no wake-up of another process is in the figure.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/units.hpp"
#include "net/relay_kind.hpp"
#include "uring/ring.hpp"

namespace urb {

/// An operation, set up and ready to be repeated.
class MicroWork {
 public:
  MicroWork() = default;
  MicroWork(const MicroWork&) = delete;
  MicroWork& operator=(const MicroWork&) = delete;
  virtual ~MicroWork() = default;

  /// Does so many of them. Throws SysError or runtime_error when one fails.
  virtual void run(std::uint64_t operations) = 0;
  /// Of all its rings together, since it was made.
  [[nodiscard]] virtual RingCounters counters() const noexcept = 0;
};

struct Micro {
  std::string_view name;     ///< `micro-` and this is the mode of its rows
  std::string_view summary;  ///< one line: what an operation is
  std::uint64_t bytes;       ///< that an operation moves
  /// Throws Unsupported where the kernel cannot, SysError.
  std::unique_ptr<MicroWork> (*make)();
  /// No part of a mode, or of few kernels: it runs when it is named.
  bool by_name_only = false;
};

[[nodiscard]] std::span<const Micro> all_micros() noexcept;
/// By its name, with or without `micro-`; null when there is none.
[[nodiscard]] const Micro* find_micro(std::string_view name) noexcept;

struct MicroPlan {
  Nanos warmup{0};
  Nanos duration = std::chrono::seconds{1};  ///< unless `operations` is set
  std::optional<std::uint64_t> operations;
};

struct MicroResult {
  std::uint64_t operations = 0;
  Nanos elapsed{0};
  Nanos stalled{0};  ///< how long this process did not run meanwhile, see StallWatch
  Nanos cpu{0};      ///< of this process, its io-wq threads included
  std::uint64_t ring_enters = 0;
  std::uint64_t ring_sqes = 0;
  Features used;             ///< of the kernel, by the rings
  bool interrupted = false;  ///< by `stop`
};

/// Runs it for the warm-up of `plan`. False when `stop` came first. Throws what `work` throws.
[[nodiscard]] bool warm_up_micro(MicroWork& work, const MicroPlan& plan,
                                 const std::atomic<bool>& stop);
/// Measures. Throws what `work` throws.
[[nodiscard]] MicroResult measure_micro(MicroWork& work, const MicroPlan& plan,
                                        const std::atomic<bool>& stop);

// The operations, for those who want others than the named ones.

/// `batch` NOPs for one enter; an operation is one NOP. At most 64.
[[nodiscard]] std::unique_ptr<MicroWork> make_nop(unsigned batch);
/// A message with `fd_count` descriptors, SENDMSG to RECVMSG, and the closing of what came. At most
/// 253 (SCM_MAX_FD), and 0 is a message alone.
[[nodiscard]] std::unique_ptr<MicroWork> make_fd_pass(unsigned fd_count);
/// A direct descriptor into another ring by MSG_RING, and its closing there.
[[nodiscard]] std::unique_ptr<MicroWork> make_ring_pass();
/// `bytes` through the relay, from loopback TCP to a unix socket. The peers are processes of their
/// own that never wait for anything else, and are not in MicroResult::cpu.
[[nodiscard]] std::unique_ptr<MicroWork> make_relay_hop(RelayKind kind, std::uint64_t bytes);
/// The same without pauses for readiness, from a ring's loop in this process or in the kernel
/// (Linux 7.1): RECV and SEND by turns, through a buffer of 64 KiB.
[[nodiscard]] std::unique_ptr<MicroWork> make_loop_copy(bool in_kernel, std::uint64_t bytes);
/// The same hop, from a source that sends when it is told to. An operation ends with the report
/// that the bytes have come. What all of it costs is in the host's CPU time alone.
[[nodiscard]] std::unique_ptr<MicroWork> make_paced_hop(RelayKind kind, std::uint64_t bytes);
/// The paced hop by a redirect in the kernel, which needs privileges.
[[nodiscard]] std::unique_ptr<MicroWork> make_redirected_hop(std::uint64_t bytes);
/// A descriptor pulled out of another process by pidfd_getfd(2), and its closing here.
[[nodiscard]] std::unique_ptr<MicroWork> make_fd_pull();
/// A connection over loopback: made, accepted, closed by both ends.
[[nodiscard]] std::unique_ptr<MicroWork> make_accept_close();

class Relay;
/// One transfer of a relay to its end. Throws runtime_error when that is too early.
void transfer_through(Relay& relay, Ring& ring, int source, int target, std::uint64_t bytes);

}  // namespace urb
