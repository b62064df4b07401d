// What a child of the server inherits, and how its end is told, also where filters refuse calls.
#include "process/child.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include "base/error.hpp"
#include "server/ending.hpp"
#include "support/child.hpp"
#include "support/denied_call.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

constexpr int kRight = 7;

bool is_open(int fd) { return fcntl(fd, F_GETFD) != -1; }

// Whether only what is kept stays open, of descriptors below and far above it.
int close_and_look() {
  const int low = open("/dev/null", O_RDONLY);
  const int kept = fcntl(low, F_DUPFD, 40);
  const int high = fcntl(low, F_DUPFD, 900);
  if (low < 0 || kept < 0 || high < 0) return 1;
  close_all_but(std::array{kept, -1});
  return is_open(STDERR_FILENO) && is_open(kept) && !is_open(low) && !is_open(high) ? kRight : 2;
}

TEST_CASE("child: every descriptor is closed but those that are kept") {
  CHECK(test::exit_status_of(close_and_look) == kRight);
}

TEST_CASE("child: descriptors are closed one by one where close_range is refused") {
  for (const int error : {EPERM, ENOSYS}) {
    CHECK(test::exit_status_of([error] {
            return test::deny_call(SYS_close_range, error) ? close_and_look() : 1;
          }) == kRight);
  }
}

TEST_CASE("child: descriptors are closed by their numbers where there is no /proc either") {
  constexpr int kMayNot = 3;
  const int status = test::exit_status_of([] {
    if (unshare(CLONE_NEWNS) != 0 || mount("", "/", "", MS_REC | MS_PRIVATE, "") != 0 ||
        mount("none", "/proc", "tmpfs", 0, "") != 0) {
      return kMayNot;
    }
    return test::deny_call(SYS_close_range, EPERM) ? close_and_look() : 1;
  });
  if (status == kMayNot) {
    MESSAGE("skipped: this user may not hide /proc");
  } else {
    CHECK(status == kRight);
  }
}

TEST_CASE("child: a denied pidfd_open is named, and no child is left behind") {
  CHECK(test::exit_status_of([] {
          if (!test::deny_call(SYS_pidfd_open, EPERM)) return 1;
          try {
            const Child child{"urb-test", SIGKILL, [] { return pause(); }};
          } catch (const Unsupported& refusal) {
            const bool is_named = std::string{refusal.what()}.find("pidfd_open") == 0;
            return is_named && waitpid(-1, nullptr, 0) < 0 && errno == ECHILD ? kRight : 2;
          }
          return 3;
        }) == kRight);
}

TEST_CASE("child: at the limit of processes the limits are named") {
  if (geteuid() != 0) {
    MESSAGE("skipped: needs root, to be a user without processes");
    return;
  }
  CHECK(test::exit_status_of([] {
          const rlimit one{1, 1};
          constexpr uid_t kOtherUser = 64123;
          if (setrlimit(RLIMIT_NPROC, &one) != 0 || setuid(kOtherUser) != 0) return 1;
          try {
            const Child child{"urb-test", SIGKILL, [] { return pause(); }};
          } catch (const Unsupported& refusal) {
            const std::string text = refusal.what();
            return text.find("ulimit -u") != text.npos && text.find("pids.max") != text.npos
                       ? kRight
                       : 2;
          }
          return 3;
        }) == kRight);
}

TEST_CASE("child: how it ended is told with the likely cause of its signal") {
  CHECK(describe_ending(3) == "ended with exit status 3");
  CHECK(describe_ending(255) == "ended with exit status 255");
  CHECK(describe_ending(128 + SIGKILL) == "was killed by signal 9 (Killed)");
  CHECK(likely_cause_of(128 + SIGKILL).find("memory") != std::string_view::npos);
  CHECK(likely_cause_of(128 + SIGSYS).find("seccomp") != std::string_view::npos);
  CHECK(likely_cause_of(128 + SIGTERM).empty());
  CHECK(likely_cause_of(1).empty());
  CHECK(test::exit_status_of([] {
          const rlimit small{64 * 1024, 64 * 1024};
          if (setrlimit(RLIMIT_STACK, &small) != 0) return 1;
          const bool is_named =
              likely_cause_of(128 + SIGSEGV).find("ulimit -s") != std::string::npos;
          return is_named ? kRight : 2;
        }) == kRight);
}

}  // namespace
}  // namespace urb
