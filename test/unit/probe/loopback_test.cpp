// A loopback that connects, and one that is down.
#include "probe/loopback.hpp"

#include <doctest/doctest.h>
#include <sched.h>

#include <string>

#include "base/error.hpp"
#include "support/child.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

TEST_CASE("loopback: it connects here") {
  CHECK(find_loopback_problem() == "");
  CHECK(find_loopback_down() == "");
}

TEST_CASE("loopback: a new network has it down, and the remedy is named") {
  constexpr int kMayNot = 3;
  constexpr int kRight = 7;
  const int status = test::exit_status_of([] {
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return kMayNot;
    const std::string down = find_loopback_down();
    if (down.find("ip link set lo up") == std::string::npos) return 1;
    if (find_loopback_problem() != down) return 2;
    try {
      require_loopback();
    } catch (const Unsupported&) {
      return kRight;
    }
    return 4;
  });
  if (status == kMayNot) {
    MESSAGE("skipped: this user may not have a network of its own");
  } else {
    CHECK(status == kRight);
  }
}

}  // namespace
}  // namespace urb
