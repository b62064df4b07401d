// What the kernel can do: the names, the sets, and rings that use less of it than they could.
#include "uring/features.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "support/child.hpp"
#include "support/denied_call.hpp"
#include "support/guest_tests.hpp"
#include "support/open_fds.hpp"
#include "uring/buffer_pool.hpp"
#include "uring/ring.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

Features everything() { return Features::of_bits((std::uint64_t{1} << kFeatureCount) - 1); }

TEST_CASE("features: a set is written in one order, and read by its names") {
  Features some;
  CHECK(format_features(some) == "none");
  some.add(Feature::socket_command);
  some.add(Feature::submit_all);
  CHECK(format_features(some) == "submit_all;socket_command");
  CHECK(Features::of_bits(some.bits()) == some);
  CHECK(without(some, "socket_command") ==
        without(everything(),
                "coop_taskrun,single_issuer,defer_taskrun,"
                "no_sqarray,ring_fd,sync_cancel,"
                "accept_multishot,recv_multishot,send_waitall,"
                "iowq_limit,msg_ring_fd,socket_command,recv_registered,provided_inc,"
                "no_iowait,query,cqe_skip,slot_release"));
  CHECK(without(some, "") == some);
  CHECK(without(some, "all") == Features{});
  CHECK_THROWS_WITH_AS(static_cast<void>(without(some, "submit_all,warp")),
                       doctest::Contains("warp"), UsageError);
}

TEST_CASE("features: what is missing is named, with the kernel that has it") {
  const Features needs{Feature::accept_multishot, Feature::msg_ring_fd};
  CHECK(describe_missing("a mode", needs, everything()).empty());
  CHECK(describe_missing("a mode", {}, {}).empty());
  const std::string text =
      describe_missing("a mode", needs, without(everything(), "msg_ring_fd,submit_all"));
  CHECK(text.starts_with("a mode needs sockets sent to another process' ring"));
  CHECK(text.ends_with("Linux 6.3 or later"));
  CHECK(describe_missing("a mode", needs, {}).find("multishot") != std::string::npos);
}

TEST_CASE("features: the table says of each what happens without it, or a mode needs it") {
  for (const FeatureFacts& facts : all_features()) {
    CAPTURE(facts.name);
    CHECK(facts_of(facts.feature).name == facts.name);
    CHECK_FALSE(facts.what.empty());
    CHECK(facts.used_by.empty() == facts.without.empty());
  }
}

constexpr int kSaysWhy = 7;

// Trying with the system call `number` denied: kSaysWhy where the refusal has all of `parts`.
int try_without(long number, int error, std::initializer_list<std::string_view> parts) {
  return test::exit_status_of([&] {
    if (!test::deny_call(number, error)) return 1;
    try {
      static_cast<void>(try_features());
    } catch (const Unsupported& refusal) {
      const std::string_view text = refusal.what();
      return std::all_of(parts.begin(), parts.end(),
                         [text](std::string_view part) { return text.find(part) != text.npos; })
                 ? kSaysWhy
                 : 2;
    }
    return 3;
  });
}

TEST_CASE("features: rings that a filter denies are not blamed on the kernel") {
  CHECK(try_without(SYS_io_uring_setup, EPERM, {"seccomp", "kernel.io_uring_disabled=0"}) ==
        kSaysWhy);
  CHECK(try_without(SYS_io_uring_setup, ENOSYS, {"a seccomp filter hides it"}) == kSaysWhy);
  CHECK(try_without(SYS_io_uring_setup, EACCES, {"seccomp"}) == kSaysWhy);
  for (const int error : {EPERM, ENOSYS, EACCES}) {
    CHECK(try_without(SYS_io_uring_enter, error, {"io_uring_enter", "seccomp"}) == kSaysWhy);
  }
}

TEST_CASE("features: a refused ring is told by the release, the filter and the setting") {
  const auto told = [](int error, RefusalScene scene, std::string disabled) {
    return describe_ring_refusal(error, {std::move(scene), std::move(disabled)});
  };
  const auto has = [](const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(has(told(ENOSYS, {"4.19.0", true}, ""), "Linux 5.11 or later"));
  CHECK(has(told(ENOSYS, {"6.8.0", false}, ""), "CONFIG_IO_URING"));
  CHECK_FALSE(has(told(ENOSYS, {"6.8.0", true}, "0"), "CONFIG_IO_URING"));
  CHECK(has(told(EPERM, {"6.8.0", false}, "2"), "kernel.io_uring_disabled=0 (here it is 2)"));
  CHECK(has(told(EPERM, {"6.8.0", true}, "0"), "seccomp"));
  CHECK(has(told(EINVAL, {"5.4.0", false}, ""), "Linux 5.11 or later"));
  CHECK(has(told(EINVAL, {"6.8.0", true}, "0"), "seccomp"));
}

TEST_CASE("features: without io_uring_register rings work, and what needs it names it") {
  CHECK(test::exit_status_of([] {
          if (!test::deny_call(SYS_io_uring_register, EPERM)) return 1;
          Ring ring{{8, 64, try_features()}};
          BufferPool plain{ring, {BufferKind::plain, 2, 4096, 1}};
          for (const BufferKind kind : {BufferKind::registered, BufferKind::provided}) {
            try {
              BufferPool pool{ring, {kind, 2, 4096, 2}};
              return 2;
            } catch (const Unsupported& refusal) {
              if (std::string_view{refusal.what()}.find("io_uring_register") != 0) return 3;
            }
          }
          return kSaysWhy;
        }) == kSaysWhy);
}

TEST_CASE("features: provided buffers are refused without multishot receives") {
  Ring ring{{8, 64, without(try_features(), "recv_multishot")}};
  CHECK_THROWS_WITH_AS((BufferPool{ring, {BufferKind::provided, 2, 4096, 1}}),
                       doctest::Contains("--buffers registered"), Unsupported);
}

TEST_CASE("features: what receives needs another kernel is refused with what to use instead") {
  Ring ring{{8, 64, without(try_features(), "provided_inc")}};
  CHECK_THROWS_WITH_AS((BufferPool{ring, {BufferKind::provided_inc, 2, 4096, 1}}),
                       doctest::Contains("use --buffers provided"), Unsupported);
}

// Of the kernels of tools/fetch-kernels it is known what they have; others may bring things back.
TEST_CASE("features: in a guest, what a kernel brought is found from its release on") {
  if (!test::is_in_guest()) return;
  utsname names{};
  REQUIRE(uname(&names) == 0);
  const auto running = parse_release(names.release);
  REQUIRE(running.has_value());
  const Features here = try_features();
  CHECK(here.has(Feature::provided_inc) == !(*running < KernelRelease{6, 12}));
  CHECK(here.has(Feature::slot_release) == !(*running < KernelRelease{6, 13}));
  CHECK(here.has(Feature::no_iowait) == !(*running < KernelRelease{6, 15}));
  CHECK(here.has(Feature::query) == !(*running < KernelRelease{6, 18}));
  CHECK(here.has(Feature::recv_registered) == !(*running < KernelRelease{7, 2}));
}

TEST_CASE("features: a kernel that can be asked knows what this program uses") {
  const auto answer = query_kernel();
  if (!answer) return;
  CHECK(answer->requests > IORING_OP_MSG_RING);
  CHECK((answer->features & IORING_FEAT_EXT_ARG) != 0);
  CHECK((answer->setup_flags & IORING_SETUP_DEFER_TASKRUN) != 0);
}

TEST_CASE("features: trying says the same each time, and leaves nothing behind") {
  const std::size_t fds_before = test::open_fd_count();
  const Features first = try_features();
  CHECK(try_features() == first);
  CHECK(test::open_fd_count() == fds_before);
}

TEST_CASE("features: a ring works without each of them, and says what it used") {
  const Features here = try_features();
  for (unsigned index = 0; index <= kFeatureCount; ++index) {
    Features fewer = here;
    if (index < kFeatureCount) fewer.remove(static_cast<Feature>(index));
    if (index == kFeatureCount) fewer = {};  // and without any
    CAPTURE(format_features(fewer));
    int ends[2] = {-1, -1};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const Fd near{Adopt{}, ends[0]};
    const Fd far{Adopt{}, ends[1]};
    Ring ring{{8, 64, fewer}};
    const std::uint64_t used = ring.counters().used.bits();
    CHECK((used & ~fewer.bits()) == 0);  // none that it was not given
    CHECK((used != 0) == (fewer != Features{}));
    // More than the queue holds, the third of which fails when it is submitted.
    for (std::uint32_t number = 0; number < 20; ++number) {
      io_uring_sqe* const sqe = ring.sqe({1, 0, 0, number});
      number == 2 ? io_uring_prep_read(sqe, -1, nullptr, 0, 0) : io_uring_prep_nop(sqe);
    }
    char byte = 0;
    for (int count = 0; count < 2; ++count) {  // two with one token, cancelled by the drain
      io_uring_prep_recv(ring.sqe({2, 0, 0, 0}), near.get(), &byte, 1, 0);
    }
    std::array<Completion, 32> batch;
    std::size_t count = 0;
    const Nanos give_up = monotonic_now() + std::chrono::seconds{5};
    while (count < 20 && monotonic_now() < give_up) {
      ring.submit_and_wait(give_up);
      count += ring.collect(batch);
    }
    CHECK(count == 20);
    CHECK(ring.in_flight() == 2);
    ring.drain();
    CHECK(ring.in_flight() == 0);
    REQUIRE(send(far.get(), "x", 1, 0) == 1);
    CHECK(recv(near.get(), &byte, 1, MSG_DONTWAIT) == 1);  // nobody else took it
  }
}

}  // namespace
}  // namespace urb
