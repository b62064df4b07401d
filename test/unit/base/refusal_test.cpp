// Who is said to have refused a system call.
#include "base/refusal.hpp"

#include <doctest/doctest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "support/child.hpp"
#include "support/denied_call.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("refusal: a release is its first two numbers") {
  CHECK(parse_release("6.18.44-generic") == KernelRelease{6, 18});
  CHECK(parse_release("5.4") == KernelRelease{5, 4});
  CHECK_FALSE(parse_release("6"));
  CHECK_FALSE(parse_release("six.1"));
  CHECK_FALSE(parse_release(""));
  CHECK(KernelRelease{5, 11} > KernelRelease{5, 4});
}

TEST_CASE("refusal: ENOSYS is the kernel's only where the kernel is older than the call") {
  const std::string old = describe_refusal("close_range", ENOSYS, {5, 9}, {"5.4.0-1", true});
  CHECK(has(old, "Linux 5.9 or later"));
  CHECK_FALSE(has(old, "seccomp"));
  const std::string filtered = describe_refusal("close_range", ENOSYS, {5, 9}, {"6.18.1", true});
  CHECK(has(filtered, "close_range: a seccomp filter hides it"));
  CHECK_FALSE(has(filtered, "or later"));
  // A sandbox has releases of its own making.
  CHECK(has(describe_refusal("close_range", ENOSYS, {5, 9}, {"strange", false}), "sandbox"));
}

TEST_CASE("refusal: EPERM and EACCES name who may refuse, the remedy, and the other way") {
  for (const int error : {EPERM, EACCES}) {
    const std::string text = describe_refusal("splice", error, {2, 6}, {"6.1", true}, "copy");
    CHECK(has(text, "splice: not permitted"));
    CHECK(has(text, "seccomp profile, or copy"));
  }
  CHECK_FALSE(is_refusal(EMFILE));
}

TEST_CASE("refusal: a denied call is Unsupported, any other failure is the call's own") {
  CHECK_THROWS_AS(throw_refused("pidfd_open", EMFILE, {5, 3}), SysError);
  CHECK_THROWS_AS(throw_refused("pidfd_open", EPERM, {5, 3}), Unsupported);
  constexpr int kSeesFilter = 7;
  CHECK(test::exit_status_of([] {
          if (find_refusal_scene().has_filter) return kSeesFilter;  // the tests' own container's
          if (!test::deny_call(SYS_getpgid, EPERM)) return 1;
          return find_refusal_scene().has_filter ? kSeesFilter : 2;
        }) == kSeesFilter);
}

}  // namespace
}  // namespace urb
