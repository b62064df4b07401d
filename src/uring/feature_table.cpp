// The table of features. Releases are those of liburing's manual pages, and of the kernels' release
// notes for no_sqarray and socket_command.
#include <fmt/format.h>
#include <liburing.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "uring/feature_tries.hpp"
#include "uring/features.hpp"

namespace urb {
namespace {

constexpr std::array<FeatureFacts, kFeatureCount> kFeatures{{
    {.feature = Feature::submit_all,
     .name = "submit_all",
     .since = "5.18",
     .what = "submission that goes on behind a failed request",
     .used_by = "every ring",
     .without = "one more call after a request that fails at once",
     .is_here = [] { return can_set_up(IORING_SETUP_SUBMIT_ALL); }},
    {.feature = Feature::coop_taskrun,
     .name = "coop_taskrun",
     .since = "5.19",
     .what = "completions without an interrupt",
     .used_by = "rings without defer_taskrun",
     .without = "interrupts for completions",
     .is_here = [] { return can_set_up(IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG); }},
    {.feature = Feature::single_issuer,
     .name = "single_issuer",
     .since = "6.0",
     .what = "rings of one thread",
     .used_by = "every ring",
     .without = "locks in the kernel",
     .is_here = [] { return can_set_up(IORING_SETUP_SINGLE_ISSUER); }},
    {.feature = Feature::defer_taskrun,
     .name = "defer_taskrun",
     .since = "6.1",
     .what = "completions in our own calls only",
     .used_by = "every ring",
     .without = "coop_taskrun",
     .is_here = [] { return can_set_up(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN); }},
    {.feature = Feature::no_sqarray,
     .name = "no_sqarray",
     .since = "6.6",
     .what = "submission without an array of indices",
     .used_by = "every ring",
     .without = "one indirection more at each submission",
     .is_here = is_without_array},
    {.feature = Feature::ring_fd,
     .name = "ring_fd",
     .since = "5.18",
     .what = "a ring registered with itself",
     .used_by = "every ring",
     .without = "a look-up of the descriptor at each call",
     .is_here = can_register_ring},
    {.feature = Feature::sync_cancel,
     .name = "sync_cancel",
     .since = "6.0",
     .what = "one call that cancels everything",
     .used_by = "the end of every ring",
     .without = "each request is cancelled by itself",
     .is_here = can_cancel_all},
    {.feature = Feature::accept_multishot,
     .name = "accept_multishot",
     .since = "5.19",
     .what = "one ACCEPT for all connections (multishot)",
     .used_by = "every listener",
     .without = "one ACCEPT for each connection",
     .is_here = can_accept_many},
    {.feature = Feature::recv_multishot,
     .name = "recv_multishot",
     .since = "6.0",
     .what = "one RECV for all that comes (multishot)",
     .used_by = "channels, --buffers provided",
     .without = "one RECVMSG for each message; no --buffers provided",
     .is_here = can_receive_many},
    {.feature = Feature::send_waitall,
     .name = "send_waitall",
     .since = "5.19",
     .what = "sends that go on until all is sent (MSG_WAITALL)",
     .used_by = "the client's uploads",
     .without = "one SEND more each time the socket is full",
     .is_here = can_send_all},
    {.feature = Feature::iowq_limit,
     .name = "iowq_limit",
     .since = "5.15",
     .what = "a bound for the kernel threads that run splices",
     .used_by = "--relay linked",
     .without = "a kernel thread for each transfer",
     .is_here = can_limit_threads},
    {.feature = Feature::msg_ring_fd,
     .name = "msg_ring_fd",
     .since = "6.3",
     .what = "sockets sent to another process' ring (IORING_MSG_SEND_FD; trying it takes a thread, "
             "ulimit -u)",
     .used_by = "",
     .without = "",
     .is_here = can_send_to_rings},
    {.feature = Feature::socket_command,
     .name = "socket_command",
     .since = "6.7",
     .what = "setsockopt of a direct descriptor",
     .used_by = "direct descriptors with large bodies",
     .without = "more wake-ups for each body",
     .is_here = can_set_socket_options},
    {.feature = Feature::recv_registered,
     .name = "recv_registered",
     .since = "7.2",
     .what = "RECV into registered buffers",
     .used_by = "--buffers registered",
     .without = "READ_FIXED, which goes by way of files",
     .is_here = can_receive_registered},
    {.feature = Feature::provided_inc,
     .name = "provided_inc",
     .since = "6.12",
     .what = "provided buffers that are filled bit by bit (IOU_PBUF_RING_INC)",
     .used_by = "--buffers provided-inc",
     .without = "no --buffers provided-inc",
     .is_here = can_receive_incrementally},
    {.feature = Feature::no_iowait,
     .name = "no_iowait",
     .since = "6.15",
     .what = "waits that count as idle time (IORING_ENTER_NO_IOWAIT)",
     .used_by = "every ring",
     .without = "the host's books call waiting for requests iowait",
     .is_here = can_wait_as_idle},
    {.feature = Feature::query,
     .name = "query",
     .since = "6.18",
     .what = "questions about io_uring (IORING_REGISTER_QUERY)",
     .used_by = "doctor",
     .without = "nothing but what trying finds",
     .is_here = [] { return query_kernel().has_value(); }},
    {.feature = Feature::cqe_skip,
     .name = "cqe_skip",
     .since = "5.17",
     .what = "requests without a completion when they succeed",
     .used_by = "every close",
     .without = "one more turn of the loop behind a close",
     .is_here = can_skip_completions},
    {.feature = Feature::slot_release,
     .name = "slot_release",
     .since = "6.13",
     .what = "direct descriptors that a ring lets go of while others wait",
     .used_by = "every close of a direct descriptor",
     .without = "a SHUTDOWN before it; memory of closed sockets is kept while others wait",
     .is_here = can_release_slots},
}};

constexpr bool is_in_order() {
  for (unsigned index = 0; index < kFeatureCount; ++index) {
    if (kFeatures[index].feature != static_cast<Feature>(index)) return false;
  }
  return true;
}
static_assert(is_in_order());

}  // namespace

std::span<const FeatureFacts> all_features() noexcept { return kFeatures; }

const FeatureFacts& facts_of(Feature feature) noexcept {
  return kFeatures[static_cast<unsigned>(feature)];
}

Features Features::of_bits(std::uint64_t bits) noexcept {
  Features features;
  features.bits_ = bits;
  return features;
}

std::string format_features(Features features) {
  std::string text;
  for (const FeatureFacts& facts : kFeatures) {
    if (!features.has(facts.feature)) continue;
    text += fmt::format("{}{}", text.empty() ? "" : ";", facts.name);
  }
  return text.empty() ? "none" : text;
}

Features without(Features features, std::string_view names) {
  if (names == "all") return {};
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(','));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    const auto* const found =
        std::find_if(kFeatures.begin(), kFeatures.end(),
                     [name](const FeatureFacts& facts) { return facts.name == name; });
    if (found == kFeatures.end()) {
      throw UsageError(fmt::format("URB_TEST_WITHOUT: there is no feature named {}", name));
    }
    features.remove(found->feature);
  }
  return features;
}

std::string describe_missing(std::string_view who, Features needs, Features here) {
  for (const FeatureFacts& facts : kFeatures) {
    if (!needs.has(facts.feature) || here.has(facts.feature)) continue;
    return fmt::format("{} needs {}, which is missing here: Linux {} or later", who, facts.what,
                       facts.since);
  }
  return {};
}

}  // namespace urb
