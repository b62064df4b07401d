// What this kernel's io_uring can do of that which the code has another way for: the rungs of the
// ladder. Found by trying each, once per process, and inherited by what it forks: version numbers
// say little, since distributions backport (Debian's 5.10 has the io_uring of 5.15).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/refusal.hpp"

namespace urb {

enum class Feature : std::uint8_t {
  submit_all,        ///< a failed request does not stop the submission of those behind it
  coop_taskrun,      ///< no interrupt for completions; where there is no defer_taskrun
  single_issuer,     ///< the ring has one thread
  defer_taskrun,     ///< completions run in our own enter calls only
  no_sqarray,        ///< one indirection less at each submission; liburing takes it by itself
  ring_fd,           ///< the ring's descriptor registered with itself: no look-up at each enter
  sync_cancel,       ///< one call cancels everything; without, each request by its token
  accept_multishot,  ///< one ACCEPT for all connections; without, one for each
  recv_multishot,    ///< RECV and RECVMSG, many times, into a ring of provided buffers
  send_waitall,      ///< MSG_WAITALL: SEND goes on by itself until all is sent
  iowq_limit,        ///< a bound for the kernel threads that run splices
  msg_ring_fd,       ///< direct descriptors sent into another process' ring
  socket_command,    ///< setsockopt of a direct descriptor
};
inline constexpr unsigned kFeatureCount = static_cast<unsigned>(Feature::socket_command) + 1;

/// As rows and URB_TEST_WITHOUT spell it: the enumerator's name.
[[nodiscard]] std::string_view name_of(Feature feature) noexcept;

/// A set of them.
class Features {
 public:
  Features() noexcept = default;
  /// The inverse of bits().
  static Features of_bits(std::uint64_t bits) noexcept;

  [[nodiscard]] bool has(Feature feature) const noexcept { return (bits_ & bit(feature)) != 0; }
  void add(Feature feature) noexcept { bits_ |= bit(feature); }
  void add(Features others) noexcept { bits_ |= others.bits_; }
  void remove(Feature feature) noexcept { bits_ &= ~bit(feature); }
  [[nodiscard]] std::uint64_t bits() const noexcept { return bits_; }
  bool operator==(const Features&) const = default;

 private:
  [[nodiscard]] static constexpr std::uint64_t bit(Feature feature) noexcept {
    return std::uint64_t{1} << static_cast<unsigned>(feature);
  }
  std::uint64_t bits_ = 0;
};

/// Their names, separated by semicolons, in the order above; "none" for none: the column
/// `features`.
[[nodiscard]] std::string format_features(Features features);
/// `features` without those that `names`, a comma list, names; all of them: "all". Throws
/// UsageError for a name that there is not.
[[nodiscard]] Features without(Features features, std::string_view names);

/// Tries them all, in some milliseconds; half a second where sockets reach a ring without waking
/// it. Throws Unsupported, with cause and remedy, where not even the plainest ring can be made.
[[nodiscard]] Features try_features();
/// The same, tried at the first call in this process or in one that it was forked from; without
/// what the environment's URB_TEST_WITHOUT names, by which tests pretend to be on an older kernel.
[[nodiscard]] Features kernel_features();

/// What stands around a refused io_uring_setup(2), apart from where it is read.
struct RingScene {
  RefusalScene refusal;
  std::string disabled;  ///< sysctl kernel.io_uring_disabled (6.6); empty where there is none
};
/// Who refused a ring with ENOSYS, EPERM, EACCES or EINVAL, and the remedy: one line.
[[nodiscard]] std::string describe_ring_refusal(int error, const RingScene& scene);
/// Why a ring could not be set up, for a positive errno of io_uring_setup(2).
[[noreturn]] void throw_ring_error(int error);
/// Throws Unsupported for what was not found by trying: `text` says which kernel has it. Where
/// io_uring_register(2) is refused, the kernel may have it all the same, and that is said instead.
[[noreturn]] void throw_missing(const char* text);

}  // namespace urb
