// Accepting, with a kernel that refuses.
#include <doctest/doctest.h>

#include "fault/made_up_kernel.hpp"
#include "net/acceptor.hpp"
#include "support/open_fds.hpp"

namespace urb {
namespace {

using test::MadeUpKernel;
using test::Request;

TEST_SUITE_BEGIN("fault");

constexpr std::uint8_t kOwner = 3;

struct AcceptorRig {
  Counters counters;
  MadeUpKernel kernel;
  // Never accepted on: no request reaches the kernel.
  Acceptor acceptor{kernel.ring(), kOwner, /*listener=*/-1, 0, counters};

  Request start() {
    acceptor.start();
    return kernel.take_one(IORING_OP_ACCEPT);
  }
};

int open_some() { return test::make_stream_pair().near.release(); }

TEST_CASE("acceptor: a multishot accept gives one socket after the other, armed once") {
  AcceptorRig rig;
  const Request accept = rig.start();
  CHECK((accept.kind_flags & IORING_ACCEPT_MULTISHOT) != 0);
  CHECK((accept.io_flags & SOCK_CLOEXEC) != 0);
  for (int count = 0; count < 3; ++count) {
    const int raw = open_some();
    const Socket socket = rig.acceptor.on_completion(accept.done(raw, IORING_CQE_F_MORE));
    CHECK(socket.fd() == raw);
  }
  CHECK(rig.kernel.has_none());
  CHECK(rig.counters.accept_errors.get() == 0);
}

TEST_CASE("acceptor: a multishot that the kernel ends is armed again, and its socket is kept") {
  AcceptorRig rig;
  const Request accept = rig.start();
  const int raw = open_some();
  const Socket socket = rig.acceptor.on_completion(accept.done(raw));
  CHECK(socket.fd() == raw);
  CHECK(rig.kernel.take_one().is(IORING_OP_ACCEPT));
  CHECK(rig.acceptor.next_deadline() == kNever);
}

TEST_CASE("acceptor: a connection reset in the queue is passed over at once") {
  AcceptorRig rig;
  const Request accept = rig.start();
  CHECK_FALSE(rig.acceptor.on_completion(accept.done(-ECONNABORTED)).is_open());
  CHECK(rig.kernel.take_one().is(IORING_OP_ACCEPT));
  CHECK(rig.counters.accept_errors.get() == 1);
}

TEST_CASE("acceptor: without descriptors or memory it waits instead of spinning, then comes back") {
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM}) {
    CAPTURE(error);
    AcceptorRig rig;
    const Request accept = rig.start();
    const Nanos before = monotonic_now();
    CHECK_FALSE(rig.acceptor.on_completion(accept.done(-error)).is_open());
    CHECK(rig.kernel.has_none());
    CHECK(rig.counters.accept_errors.get() == 1);
    CHECK(rig.counters.fds_exhausted.get() == (error == EMFILE ? 1 : 0));
    CHECK(rig.counters.files_exhausted.get() == (error == ENFILE ? 1 : 0));
    const bool is_memory = error == ENOBUFS || error == ENOMEM;
    CHECK(rig.counters.kernel_memory_exhausted.get() == (is_memory ? 1 : 0));
    const Nanos retry = rig.acceptor.next_deadline();
    REQUIRE(retry != kNever);
    CHECK(retry > before);
    rig.acceptor.on_deadline(retry - Nanos{1});
    CHECK(rig.kernel.has_none());
    rig.acceptor.on_deadline(retry);
    CHECK(rig.kernel.take_one().is(IORING_OP_ACCEPT));
    CHECK(rig.acceptor.next_deadline() == kNever);
    rig.acceptor.on_deadline(retry + std::chrono::hours{1});
    CHECK(rig.kernel.has_none());
  }
}

TEST_CASE("acceptor: stopping is over when the accept has ended") {
  AcceptorRig rig;
  const Request accept = rig.start();
  CHECK_FALSE(rig.acceptor.is_idle());
  rig.acceptor.begin_stop();
  CHECK(rig.kernel.take_one(IORING_OP_ASYNC_CANCEL).target() == accept.token());
  CHECK_FALSE(rig.acceptor.is_idle());
  CHECK_FALSE(rig.acceptor.on_completion(accept.done(-ECANCELED)).is_open());
  CHECK(rig.acceptor.is_idle());
  CHECK(rig.kernel.has_none());
  CHECK(rig.counters.accept_errors.get() == 0);
}

TEST_CASE("acceptor: a socket accepted just before the stop is not lost") {
  AcceptorRig rig;
  const Request accept = rig.start();
  rig.acceptor.begin_stop();
  REQUIRE(rig.kernel.take_one().is(IORING_OP_ASYNC_CANCEL));
  const int raw = open_some();
  CHECK(rig.acceptor.on_completion(accept.done(raw, IORING_CQE_F_MORE)).fd() == raw);
  CHECK_FALSE(rig.acceptor.is_idle());
  static_cast<void>(rig.acceptor.on_completion(accept.done(-ECANCELED)));
  CHECK(rig.acceptor.is_idle());
}

TEST_CASE("acceptor: one that ends by itself during the stop is not armed again") {
  for (const int result : {-EMFILE, -ECONNABORTED, 0}) {
    AcceptorRig rig;
    const Request accept = rig.start();
    rig.acceptor.begin_stop();
    REQUIRE(rig.kernel.take().size() == 1);
    static_cast<void>(rig.acceptor.on_completion(accept.done(result == 0 ? open_some() : result)));
    CHECK(rig.acceptor.is_idle());
    CHECK(rig.acceptor.next_deadline() == kNever);
    CHECK(rig.kernel.has_none());
  }
}

TEST_CASE("acceptor: stopping while it backs off needs no kernel") {
  AcceptorRig rig;
  const Request accept = rig.start();
  static_cast<void>(rig.acceptor.on_completion(accept.done(-EMFILE)));
  rig.acceptor.begin_stop();
  CHECK(rig.acceptor.is_idle());
  CHECK(rig.kernel.has_none());
  CHECK(rig.acceptor.next_deadline() == kNever);
  rig.acceptor.on_deadline(monotonic_now() + std::chrono::hours{1});
  CHECK(rig.kernel.has_none());
}

}  // namespace
}  // namespace urb
