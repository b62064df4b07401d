// Limits that are found by trying: locked memory and the kernel's threads.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>

#include "base/error.hpp"
#include "support/child.hpp"
#include "uring/kernel_thread.hpp"
#include "uring/lock_try.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

constexpr int kRight = 7;

// A user whom no other process counts against. False where this one may not become it.
bool become_other_user_with(__rlimit_resource_t resource, rlim_t value) {
  constexpr uid_t kOtherUser = 64124;
  const rlimit both{value, value};
  return setrlimit(resource, &both) == 0 && setuid(kOtherUser) == 0;
}

TEST_CASE("limits: a kernel thread is made, or the limits that stand in the way are named") {
  CHECK(try_kernel_thread() == 0);
  CHECK_NOTHROW(require_kernel_thread("copy"));
  if (geteuid() != 0) {
    MESSAGE("skipped: needs root, to be a user without processes");
    return;
  }
  CHECK(test::exit_status_of([] {
          if (!become_other_user_with(RLIMIT_NPROC, 1)) return 1;
          try {
            require_kernel_thread("copy");
          } catch (const Unsupported& refusal) {
            const std::string text = refusal.what();
            return text.find("ulimit -u") != text.npos && text.find("copy") != text.npos ? kRight
                                                                                         : 2;
          }
          return 3;
        }) == kRight);
}

TEST_CASE("limits: memory is locked within the limit only, but for whom it does not hold") {
  if (geteuid() != 0) {
    MESSAGE("skipped: needs root, to be a user without rings");
    return;
  }
  constexpr std::size_t kBytes = 1 << 20;
  CHECK(test::exit_status_of([] {
          return become_other_user_with(RLIMIT_MEMLOCK, 4 * kBytes) && can_lock(kBytes) ? kRight
                                                                                        : 1;
        }) == kRight);
  CHECK(test::exit_status_of([] {
          if (!become_other_user_with(RLIMIT_MEMLOCK, kBytes / 2)) return 1;
          return can_lock(kBytes) ? 2 : kRight;
        }) == kRight);
}

}  // namespace
}  // namespace urb
