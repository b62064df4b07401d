// Both kinds of sockets: who owns them, and that requests and ends reach the right one.
#include "uring/socket.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "support/deadline.hpp"
#include "support/open_fds.hpp"
#include "uring/buffer_pool.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

struct Pair {
  explicit Pair(bool is_direct, Features features = kernel_features()) : ring{{8, 16, features}} {
    int ends[2] = {-1, -1};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    far = Fd{Adopt{}, ends[1]};
    Fd fd{Adopt{}, ends[0]};
    same = Fd{Adopt{}, dup(fd.get())};
    if (is_direct) {
      ring.make_file_table(2);
      int raw = fd.get();
      REQUIRE(io_uring_register_files_update(ring.raw(), 1, &raw, 1) == 1);
      near = Socket{ring, 1};
    } else {
      near = Socket{std::move(fd)};
    }
  }
  Completion run() {
    std::array<Completion, 1> done;
    ring.submit_and_wait(monotonic_now() + test::kPatience);
    REQUIRE(ring.collect(done) == 1);
    return done[0];
  }
  [[nodiscard]] bool far_sees_end() const {
    char byte = 0;
    return recv(far.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }
  Ring ring;
  Fd same;  ///< another descriptor of `near`
  Fd far;
  Socket near;
};

TEST_CASE("socket: of either kind, requests reach it, and its close is the only one") {
  for (const bool is_direct : {false, true}) {
    CAPTURE(is_direct);
    Pair pair{is_direct};
    CHECK(pair.near.is_direct() == is_direct);
    pair.near.prep_send(pair.ring.sqe({}), "hi");
    CHECK(pair.run().result == 2);
    std::array<char, 4> received{};
    CHECK(recv(pair.far.get(), received.data(), received.size(), MSG_DONTWAIT) == 2);

    Socket moved = std::move(pair.near);
    CHECK_FALSE(pair.near.is_open());
    pair.near = std::move(moved);
    CHECK_FALSE(pair.far_sees_end());
    pair.near.prep_close(pair.ring.sqe({}));
    CHECK_FALSE(pair.near.is_open());
    CHECK(pair.run().result == 0);
    pair.same.close();
    CHECK(pair.far_sees_end());
  }
}

TEST_CASE("socket: of either kind, its end closes it") {
  for (const bool is_direct : {false, true}) {
    CAPTURE(is_direct);
    Pair pair{is_direct};
    { const Socket ends = std::move(pair.near); }
    pair.same.close();
    CHECK(pair.far_sees_end());
  }
}

TEST_CASE("socket: shutting down is seen by the peer, and leaves the other direction open") {
  for (const bool is_direct : {false, true}) {
    CAPTURE(is_direct);
    Pair pair{is_direct};
    pair.near.prep_shutdown(pair.ring.sqe({}), SHUT_WR);
    CHECK(pair.run().result == 0);
    CHECK(pair.far_sees_end());
    REQUIRE(send(pair.far.get(), "x", 1, MSG_NOSIGNAL) == 1);
    std::array<std::byte, 1> byte{};
    pair.near.prep_recv(pair.ring.sqe({}), byte);
    CHECK(pair.run().result == 1);
    CHECK(byte[0] == std::byte{'x'});
  }
}

// Descriptor 1 is the test's standard output, and slot 1 the socket: a request that forgot which of
// the two it names would miss the socket.
TEST_CASE("socket: every request reaches the socket, whichever kind it is") {
  for (const bool is_direct : {false, true}) {
    CAPTURE(is_direct);
    Pair pair{is_direct};
    pair.near.prep_poll(pair.ring.sqe({}), POLLOUT);
    CHECK(pair.run().result == POLLOUT);
    std::array<char, 2> text{'h', 'o'};
    iovec part{text.data(), text.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    pair.near.prep_sendmsg(pair.ring.sqe({}), message);
    CHECK(pair.run().result == 2);
    std::array<char, 4> received{};
    CHECK(recv(pair.far.get(), received.data(), received.size(), MSG_DONTWAIT) == 2);
    REQUIRE(send(pair.far.get(), "peek", 4, MSG_NOSIGNAL) == 4);
    std::array<std::byte, 4> bytes{};
    pair.near.prep_recv(pair.ring.sqe({}), bytes, MSG_PEEK);
    CHECK(pair.run().result == 4);
    BufferPool pool{pair.ring, {BufferKind::plain, 1, 4096, 0}};
    const BufferLease lease = pool.try_take();
    pool.prep_read(pair.ring.sqe({}), pair.near, lease.memory());
    CHECK(pair.run().result == 4);
    CHECK(lease.memory()[0] == std::byte{'p'});
    pair.near.prep_poll_multishot(pair.ring.sqe({}), POLLOUT);
    CHECK(pair.run().result == POLLOUT);
    pair.ring.drain();
  }
}

TEST_CASE("socket: the low-water mark reaches either kind") {
  static const int kMark = 4000;
  for (const bool is_direct : {false, true}) {
    CAPTURE(is_direct);
    Pair pair{is_direct};
    pair.near.set_low_water(kMark);
    pair.ring.submit();
    // Linux 6.7 knows the request; before, the mark stays where it is.
    const bool is_known = !is_direct || kernel_features().has(Feature::socket_command);
    int mark = 0;
    socklen_t size = sizeof mark;
    REQUIRE(getsockopt(pair.same.get(), SOL_SOCKET, SO_RCVLOWAT, &mark, &size) == 0);
    CHECK(mark == (is_known ? kMark : 1));
  }
}

TEST_CASE("socket: the peer hears of an end by requests, and by a call, while others wait") {
  for (const bool is_by_call : {false, true}) {
    CAPTURE(is_by_call);
    for (const char* const lacks : {"", "slot_release"}) {
      CAPTURE(lacks);
      Pair pair{true, without(kernel_features(), lacks)};
      // As if somebody else had the socket, as an older request of the ring has it before 6.13.
      Fd older = *lacks == 0 ? Fd{} : std::move(pair.same);
      pair.same.close();
      Pair waiting{false};
      waiting.near.prep_poll(pair.ring.sqe({}), POLLIN);
      is_by_call ? pair.near.close() : pair.near.end(pair.ring);
      CHECK_FALSE(pair.near.is_open());
      pair.ring.submit_and_wait(monotonic_now());
      CHECK(test::wait_until([&] {
        std::array<Completion, 1> done;
        pair.ring.submit_and_wait(
            monotonic_now());  // the chain goes on where completions are taken
        CHECK(pair.ring.collect(done) == 0);
        return pair.far_sees_end();
      }));
      waiting.far.close();
      CHECK(pair.run().result >= 0);
    }
  }
}

TEST_CASE("socket: one that is a descriptor can be taken out, and is not closed twice") {
  const std::size_t fds = test::open_fd_count();
  {
    Pair pair{false};
    const Fd fd = pair.near.take_fd();
    CHECK_FALSE(pair.near.is_open());
    CHECK(test::is_open(fd.get()));
  }
  CHECK(test::open_fd_count() == fds);
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb
