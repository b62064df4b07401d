// Handshakes on a made-up kernel, whose sockets are real, under OpenSSL as the client. Where the
// build has it.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <string>
#include <string_view>

#include "fault/made_up_kernel.hpp"
#include "net/handshaker.hpp"

namespace urb {
namespace {

using test::MadeUpKernel;
using test::Request;

constexpr Nanos kTimeout = std::chrono::seconds{10};
constexpr std::string_view kNoHello = "GET / HTTP/1.1\r\n\r\n";

/// The client's side of a handshake on a socket.
class HelloSender {
 public:
  explicit HelloSender(int socket)
      : context_{SSL_CTX_new(TLS_client_method())}, ssl_{SSL_new(context_)} {
    SSL_set_fd(ssl_, socket);
  }
  HelloSender(const HelloSender&) = delete;
  HelloSender& operator=(const HelloSender&) = delete;
  ~HelloSender() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  /// Goes on as far as it can. True when it is over.
  bool advance() const { return SSL_connect(ssl_) == 1; }

 private:
  SSL_CTX* context_;
  SSL* ssl_;
};

struct HandshakerRig {
  enum Owner : std::uint8_t { kHandshakes = 1, kFailures };

  static const tls::Serving& serving() {
    static const tls::Serving made{tls::Kind::ktls, tls::make_throwaway_identity(), false,
                                   kTimeout};
    return made;
  }
  static void unblock(const Fd& socket) { REQUIRE(fcntl(socket.get(), F_SETFL, O_NONBLOCK) == 0); }
  Fd begin() { return begin(test::make_stream_pair()); }
  Fd begin(test::StreamPair pair) {
    unblock(pair.near);
    unblock(pair.far);
    handshaker.begin(std::move(pair.near));
    return std::move(pair.far);
  }
  void deliver(const Completion& done) {
    if (done.token.owner == kFailures) return failures.on_completion(done);
    CHECK_FALSE(handshaker.on_completion(done).is_open());
  }
  Request take_poll() { return kernel.take_one(IORING_OP_POLL_ADD); }
  /// A client that says no hello is seen off: the alert is out, then it ends.
  void refuse(const Fd& client) {
    REQUIRE(send(client.get(), kNoHello.data(), kNoHello.size(), 0) > 0);
    deliver(take_poll().done(POLLIN));
    deliver(kernel.take_one(IORING_OP_RECV).done(0));
    kernel.take_one(IORING_OP_CLOSE).closes();
  }
  void expect_idle() {
    CHECK(handshaker.is_idle());
    CHECK(failures.is_idle());
    CHECK(handshaker.next_deadline() == kNever);
    CHECK(kernel.has_none());
  }
  /// Silent until its deadline, and then closed.
  void expect_late(const Request& poll) {
    handshaker.on_deadline(handshaker.next_deadline());
    CHECK(kernel.take_one(IORING_OP_ASYNC_CANCEL).target() == poll.token());
    deliver(poll.done(-ECANCELED));
    kernel.take_one(IORING_OP_CLOSE).closes();
  }

  Counters counters;
  MadeUpKernel kernel;
  LingeringClose failures{kernel.ring(), kFailures, counters, 8};
  Handshaker handshaker{kernel.ring(), kHandshakes, failures, counters, serving(), 8, {}};
};

TEST_SUITE_BEGIN("fault");

TEST_CASE("handshaker: a client that says no hello leaves no deadline") {
  HandshakerRig rig;
  const Fd client = rig.begin();
  rig.refuse(client);
  rig.expect_idle();
  rig.handshaker.on_deadline(rig.kernel.ring().now() + 2 * kTimeout);
  rig.expect_idle();
  CHECK(rig.counters.handshake_errors.get() == 1);
  CHECK(rig.counters.connections_closed.get() == 1);
}

TEST_CASE("handshaker: behind a client that says no hello, the next ones have their deadlines") {
  HandshakerRig rig;
  const Fd bad = rig.begin();
  rig.refuse(bad);
  const Fd good = rig.begin();
  const HelloSender hello{good.get()};
  while (rig.counters.handshakes.get() == 0) {
    static_cast<void>(hello.advance());
    rig.deliver(rig.take_poll().done(POLLIN));
  }
  CHECK(rig.counters.handshakes.get() == 1);
  // A local socket takes no keys.
  CHECK(rig.counters.tls_not_offloaded.get() == 1);
  rig.kernel.take_one(IORING_OP_CLOSE).closes();
  rig.expect_idle();
  const Fd silent = rig.begin();
  rig.expect_late(rig.take_poll());
  rig.expect_idle();
  CHECK(rig.counters.handshake_errors.get() == 2);
  CHECK(rig.counters.connections_closed.get() == 3);
}

TEST_CASE("handshaker: who is accepted in the batch of the stop is closed at once") {
  HandshakerRig rig;
  rig.handshaker.begin_stop();
  const Fd client = rig.begin();
  rig.kernel.take_one(IORING_OP_CLOSE).closes();
  rig.expect_idle();
  CHECK(rig.counters.handshake_errors.get() == 1);
  CHECK(rig.counters.connections_closed.get() == 1);
}

TEST_CASE("handshaker: a client that has ended and takes nothing is waited for, and not polled") {
  for (const bool takes_all : {false, true}) {
    HandshakerRig rig;
    test::StreamPair pair = test::make_stream_pair();
    const int near = pair.near.get();
    HandshakerRig::unblock(pair.near);
    const std::string junk(4096, 'x');
    while (send(near, junk.data(), junk.size(), 0) > 0) {
    }
    const Fd client = rig.begin(std::move(pair));
    const HelloSender hello{client.get()};
    // The junk is no answer, and what the hello does with it is no matter: it has been sent.
    static_cast<void>(hello.advance());
    rig.deliver(rig.take_poll().done(POLLIN));
    rig.deliver(rig.take_poll().done(POLLRDHUP));
    const Request wait = rig.take_poll();
    CHECK(wait.bytes() == IORING_POLL_ADD_MULTI);
    rig.deliver(wait.done(POLLRDHUP, IORING_CQE_F_MORE));
    CHECK(rig.kernel.has_none());
    if (!takes_all) {
      rig.expect_late(wait);
      CHECK(rig.counters.handshake_errors.get() == 1);
    } else {
      std::string taken(junk.size(), '\0');
      while (recv(client.get(), taken.data(), taken.size(), MSG_DONTWAIT) > 0) {
      }
      rig.deliver(wait.done(POLLOUT | POLLRDHUP, IORING_CQE_F_MORE));
      CHECK(rig.kernel.take_one(IORING_OP_ASYNC_CANCEL).target() == wait.token());
      rig.deliver(wait.done(-ECANCELED));
      rig.expect_late(rig.take_poll());  // the flight is out, and the client's is awaited
    }
    rig.expect_idle();
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb
