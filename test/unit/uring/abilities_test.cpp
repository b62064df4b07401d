// What the kernel can do: the names, the sets, and rings that use less of it than they could.
#include "uring/abilities.hpp"

#include <doctest/doctest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "support/child.hpp"
#include "support/open_fds.hpp"
#include "uring/buffer_pool.hpp"
#include "uring/ring.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

Abilities everything() { return Abilities::of_bits((std::uint64_t{1} << kAbilityCount) - 1); }

TEST_CASE("abilities: a set is written in one order, and read by its names") {
  Abilities some;
  CHECK(format_abilities(some) == "none");
  some.add(Ability::socket_command);
  some.add(Ability::submit_all);
  CHECK(format_abilities(some) == "submit_all;socket_command");
  CHECK(Abilities::of_bits(some.bits()) == some);
  CHECK(without(some, "socket_command") == without(everything(),
                                                   "coop_taskrun,single_issuer,defer_taskrun,"
                                                   "no_sqarray,ring_fd,sync_cancel,"
                                                   "accept_multishot,recv_multishot,send_waitall,"
                                                   "iowq_limit,msg_ring_fd,socket_command"));
  CHECK(without(some, "") == some);
  CHECK(without(some, "all") == Abilities{});
  CHECK_THROWS_WITH_AS(static_cast<void>(without(some, "submit_all,warp")),
                       doctest::Contains("warp"), UsageError);
}

// From here on io_uring_setup(2) fails with `error` in this process, as in a container's profile.
bool deny_rings(int error) {
  sock_filter instructions[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(instructions), instructions};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST_CASE("abilities: a kernel without io_uring, or one that denies it, is named with the remedy") {
  constexpr int kSaysWhy = 7;
  const auto tried_with = [](int error, std::string_view remedy) {
    return test::exit_status_of([&] {
      if (!deny_rings(error)) return 1;
      try {
        static_cast<void>(try_abilities());
      } catch (const Unsupported& refusal) {
        return std::string_view{refusal.what()}.find(remedy) != std::string_view::npos ? kSaysWhy
                                                                                       : 2;
      }
      return 3;
    });
  };
  CHECK(tried_with(EPERM, "seccomp") == kSaysWhy);
  CHECK(tried_with(EPERM, "kernel.io_uring_disabled=0") == kSaysWhy);
  CHECK(tried_with(ENOSYS, "CONFIG_IO_URING") == kSaysWhy);
}

TEST_CASE("abilities: provided buffers are refused without multishot receives") {
  Ring ring{{8, 64, without(try_abilities(), "recv_multishot")}};
  CHECK_THROWS_WITH_AS((BufferPool{ring, {BufferKind::provided, 2, 4096, 1}}),
                       doctest::Contains("--buffers registered"), Unsupported);
}

TEST_CASE("abilities: trying says the same each time, and leaves nothing behind") {
  const std::size_t fds_before = test::open_fd_count();
  const Abilities first = try_abilities();
  CHECK(try_abilities() == first);
  CHECK(test::open_fd_count() == fds_before);
}

TEST_CASE("abilities: a ring works without each of them, and says what it used") {
  const Abilities here = try_abilities();
  for (unsigned index = 0; index <= kAbilityCount; ++index) {
    Abilities fewer = here;
    if (index < kAbilityCount) fewer.remove(static_cast<Ability>(index));
    if (index == kAbilityCount) fewer = {};  // and without any
    CAPTURE(format_abilities(fewer));
    int ends[2] = {-1, -1};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const Fd near{Adopt{}, ends[0]};
    const Fd far{Adopt{}, ends[1]};
    Ring ring{{8, 64, fewer}};
    const std::uint64_t used = ring.counters().used.bits();
    CHECK((used & ~fewer.bits()) == 0);  // none that it was not given
    CHECK((used != 0) == (fewer != Abilities{}));
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
