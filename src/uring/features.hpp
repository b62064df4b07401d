// What this kernel's io_uring can do of that which the code has another way for: the rungs of the
// ladder. Found by trying each, once per process, and inherited by what it forks: version numbers
// say little, since distributions backport (Debian's 5.10 has the io_uring of 5.15).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/refusal.hpp"

namespace urb {

/// What each means is in the table, feature_table.cpp.
enum class Feature : std::uint8_t {
  submit_all,
  coop_taskrun,
  single_issuer,
  defer_taskrun,
  no_sqarray,
  ring_fd,
  sync_cancel,
  accept_multishot,
  recv_multishot,
  send_waitall,
  iowq_limit,
  msg_ring_fd,
  socket_command,
  recv_registered,
  provided_inc,
  no_iowait,
  query,
  cqe_skip,
  slot_release,
};
inline constexpr unsigned kFeatureCount = static_cast<unsigned>(Feature::slot_release) + 1;

/// A row of the table of features.
struct FeatureFacts {
  Feature feature;
  std::string_view name;     ///< as rows and URB_TEST_WITHOUT spell it
  std::string_view since;    ///< release of mainline; distributions backport
  std::string_view what;     ///< as a noun, for messages
  std::string_view used_by;  ///< besides the modes that cannot do without; may be empty
  std::string_view without;  ///< the other way; empty where there is none
  bool (*is_here)();         ///< tries it
};
/// All of them, in the order of the enumeration.
[[nodiscard]] std::span<const FeatureFacts> all_features() noexcept;
[[nodiscard]] const FeatureFacts& facts_of(Feature feature) noexcept;

/// A set of them.
class Features {
 public:
  constexpr Features() noexcept = default;
  constexpr Features(std::initializer_list<Feature> features) noexcept {
    for (const Feature feature : features) add(feature);
  }
  /// The inverse of bits().
  static Features of_bits(std::uint64_t bits) noexcept;

  [[nodiscard]] constexpr bool has(Feature feature) const noexcept {
    return (bits_ & bit(feature)) != 0;
  }
  constexpr void add(Feature feature) noexcept { bits_ |= bit(feature); }
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

/// Their names, separated by semicolons, in the order of the table; "none" for none: the column
/// `features`.
[[nodiscard]] std::string format_features(Features features);
/// `features` without those that `names`, a comma list, names; all of them: "all". Throws
/// UsageError for a name that there is not.
[[nodiscard]] Features without(Features features, std::string_view names);
/// The first of `needs` that is not `here`, as a line about `who`; empty when all are there.
[[nodiscard]] std::string describe_missing(std::string_view who, Features needs, Features here);
/// Throws Unsupported with that line where this kernel lacks one of them.
void require_features(std::string_view who, Features needs);

/// Tries them all, in some milliseconds; half a second where sockets reach a ring without waking
/// it. Throws Unsupported, with cause and remedy, where not even the plainest ring can be made.
[[nodiscard]] Features try_features();
/// The same, tried at the first call in this process or in one that it was forked from; without
/// what the environment's URB_TEST_WITHOUT names, by which tests pretend to be on an older kernel.
[[nodiscard]] Features kernel_features();

/// What a kernel says of its io_uring when it is asked (IORING_REGISTER_QUERY, Linux 6.18).
struct KernelAnswer {
  unsigned requests = 0;       ///< IORING_OP_*, how many it knows
  unsigned registrations = 0;  ///< IORING_REGISTER_*, how many
  std::uint64_t features = 0;  ///< IORING_FEAT_*
  std::uint64_t setup_flags = 0;
  std::uint64_t enter_flags = 0;
  std::uint64_t sqe_flags = 0;
};
/// Nothing where the kernel cannot be asked, or the liburing of this build does not know how.
[[nodiscard]] std::optional<KernelAnswer> query_kernel() noexcept;

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
[[noreturn]] void throw_missing(const std::string& text);

}  // namespace urb
