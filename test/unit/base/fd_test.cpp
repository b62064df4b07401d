// Ownership of descriptors, seen from the kernel's table.
#include "base/fd.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <utility>

#include "support/child.hpp"
#include "support/open_fds.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

Fd open_null() { return Fd{Adopt{}, ::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

TEST_CASE("fd: an owner closes at the end of its life") {
  const std::size_t before = test::open_fd_count();
  int raw = -1;
  {
    const Fd fd = open_null();
    raw = fd.get();
    CHECK(test::is_open(raw));
    CHECK(test::open_fd_count() == before + 1);
  }
  CHECK_FALSE(test::is_open(raw));
  CHECK(test::open_fd_count() == before);
}

TEST_CASE("fd: an empty owner owns nothing, descriptor 0 included") {
  const Fd fd;
  CHECK_FALSE(fd.is_open());
  CHECK(test::exit_status_of([] {
          ::close(0);
          const Fd zero = open_null();
          return zero.is_open() && zero.get() == 0 ? 7 : 1;
        }) == 7);
}

TEST_CASE("fd: moving leaves nothing behind") {
  Fd source = open_null();
  const int raw = source.get();
  Fd target{std::move(source)};
  CHECK_FALSE(source.is_open());  // NOLINT(bugprone-use-after-move): the point of the test
  CHECK(target.get() == raw);
  CHECK(test::is_open(raw));
}

TEST_CASE("fd: assignment closes the old descriptor at once, not when the source dies") {
  Fd target = open_null();
  Fd source = open_null();
  const int old_raw = target.get();
  const int new_raw = source.get();
  target = std::move(source);
  CHECK_FALSE(test::is_open(old_raw));
  CHECK(test::is_open(new_raw));
  CHECK(target.get() == new_raw);
}

TEST_CASE("fd: assigning to itself keeps the descriptor") {
  Fd fd = open_null();
  Fd& same = fd;
  const int raw = fd.get();
  fd = std::move(same);
  CHECK(fd.get() == raw);
  CHECK(test::is_open(raw));
}

TEST_CASE("fd: a released descriptor stays open, and is somebody else's") {
  Fd fd = open_null();
  const int raw = fd.release();
  CHECK_FALSE(fd.is_open());
  fd.close();
  CHECK(test::is_open(raw));
  ::close(raw);
}

TEST_CASE("fd: closing early closes once") {
  Fd fd = open_null();
  const int raw = fd.get();
  fd.close();
  CHECK_FALSE(fd.is_open());
  CHECK_FALSE(test::is_open(raw));
  fd.close();
}

TEST_CASE("fd: a double close aborts, since the number may have another owner by then") {
  CHECK(test::aborts([] {
    const Fd fd = open_null();
    ::close(fd.get());
  }));
}

TEST_CASE("fd: adopting a failed call's -1 aborts") {
  CHECK(test::aborts([] { const Fd fd{Adopt{}, -1}; }));
}

}  // namespace
}  // namespace urb
