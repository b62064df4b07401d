// What an error of the environment says.
#include "base/error.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

TEST_CASE("error: the text names the call, the reason and the remedy") {
  const SysError with_hint{"listen", EMFILE, "raise it"};
  CHECK(std::string{with_hint.what()} == "listen: Too many open files (raise it)");
  CHECK(with_hint.call() == "listen");
  CHECK(with_hint.error() == EMFILE);
  CHECK(with_hint.hint() == "raise it");
  CHECK(std::string{SysError("listen", EPERM).what()} == "listen: Operation not permitted");
}

TEST_CASE("error: a known errno brings its remedy, unless the caller knows better") {
  for (const int error : {EMFILE, ENFILE, ENOMEM, EADDRINUSE, EADDRNOTAVAIL, EACCES}) {
    CHECK(std::string{hint_for_errno(error)} != "");
    errno = error;
    CHECK_THROWS_AS(throw_errno("call"), SysError);
    try {
      errno = error;
      throw_errno("call", "better");
    } catch (const SysError& caught) {
      CHECK(caught.error() == error);
      CHECK(caught.hint() == "better");
    }
  }
  CHECK(std::string{hint_for_errno(EIO)} == "");
}

TEST_CASE("error: check returns what succeeded, also zero, and throws for -1 alone") {
  CHECK(check(0, "call") == 0);
  CHECK(check(-2, "call") == -2);
  errno = EIO;
  CHECK_THROWS_WITH_AS(check(-1, "call"), "call: Input/output error", SysError);
}

}  // namespace
}  // namespace urb
