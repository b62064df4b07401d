// Buffers that the kernel picks, whole or bit by bit.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "unit/uring/pool_rig.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

constexpr std::uint32_t kBytes = test::kPoolBytes;
using test::Sockets;
using test::text_of;
using test::wait_for_one;

// One buffer for the receives of two connections, each of which takes what the other has left.
TEST_CASE(
    "buffer_pool: provided-inc fills a buffer by turns, and gives it back when all are done") {
  if (!kernel_features().has(Feature::provided_inc)) return;
  Ring ring{{8, 64}};
  BufferPool pool{ring, {BufferKind::provided_inc, 1, kBytes, 3}};
  const Sockets sockets[2];
  const auto arm = [&](std::uint8_t index) {
    pool.prep_recv_multishot(ring.sqe({.owner = index}), sockets[index].near);
  };
  arm(0);
  arm(1);
  const std::string filler(kBytes - 7, 'x');
  std::vector<BufferLease> leases;
  const auto receive = [&](const Sockets& from, const std::string& text) {
    from.write(text);
    ring.submit();
    Completion done = wait_for_one(ring);
    // Behind the receive that fills the last buffer Linux 6.12 looks for another one at once.
    for (; done.result == -ENOBUFS; done = wait_for_one(ring)) arm(done.token.owner);
    REQUIRE(done.result == static_cast<int>(text.size()));
    leases.push_back(pool.claim(done));
    CHECK(text_of(leases.back().memory()) == text);
    return done.keeps_buffer();
  };
  CHECK(receive(sockets[0], "one"));
  CHECK(receive(sockets[1], "two2"));
  CHECK(pool.free_count() == 1);
  CHECK_FALSE(receive(sockets[0], filler));
  CHECK(text_of(leases[0].memory()) == "one");
  CHECK(text_of(leases[1].memory()) == "two2");
  // The buffer is full, and out until its last piece is back.
  for (const std::size_t piece : {0U, 2U, 1U}) {
    CHECK(pool.free_count() == 0);
    leases[piece].give_back();
  }
  CHECK(pool.free_count() == 1);
  leases.clear();
  for (int round = 0; round < 5; ++round) {
    for (const char* const text : {"a", "bc"}) CHECK(receive(sockets[0], text));
    CHECK(receive(sockets[1], std::string(1000, 'y')));
    CHECK(receive(sockets[0], std::string(3000, 'z')));
    CHECK_FALSE(receive(sockets[0], std::string(kBytes - 4003, 'q')));
    leases.clear();
    CHECK(pool.free_count() == 1);
  }
  ring.drain();
}

TEST_CASE("buffer_pool: provided-inc starves when its buffers are full, and no end takes a piece") {
  if (!kernel_features().has(Feature::provided_inc)) return;
  Ring ring{{8, 64}};
  BufferPool pool{ring, {BufferKind::provided_inc, 1, kBytes, 0}};
  const Sockets sockets;
  pool.prep_recv_multishot(ring.sqe({}), sockets.near);
  sockets.write(std::string(kBytes, 'x'));
  BufferLease held = pool.claim(wait_for_one(ring));
  sockets.write("more");
  Completion done = wait_for_one(ring);
  CHECK(done.result == -ENOBUFS);
  CHECK_FALSE(pool.claim(done).is_held());
  held.give_back();
  pool.prep_recv_multishot(ring.sqe({}), sockets.near);
  done = wait_for_one(ring);
  CHECK(text_of(pool.claim(done).memory()) == "more");
  REQUIRE(shutdown(sockets.far.get(), SHUT_WR) == 0);
  done = wait_for_one(ring);
  CHECK(done.result == 0);
  CHECK_FALSE(pool.claim(done).is_held());
  CHECK(pool.free_count() == 1);
  ring.drain();
}

TEST_CASE("buffer_pool: the kernel picks a provided buffer, and gets it back with the lease") {
  Ring ring{{8, 64}};
  BufferPool pool{ring, {BufferKind::provided, 2, kBytes, 7}};
  CHECK(pool.group_id() == 7);
  CHECK(pool.free_count() == 2);
  const Sockets sockets;
  pool.prep_recv_multishot(ring.sqe({}), sockets.near);
  for (int count = 0; count < 10; ++count) {  // five times around
    const std::string text = "message " + std::to_string(count);
    sockets.write(text);
    ring.submit();
    const Completion done = wait_for_one(ring);
    REQUIRE(done.has_buffer());
    CHECK(done.more());
    const BufferLease lease = pool.claim(done);
    CHECK(pool.free_count() == 1);
    CHECK(text_of(lease.memory().first(static_cast<std::size_t>(done.result))) == text);
  }
  CHECK(pool.free_count() == 2);
  ring.drain();
}

TEST_CASE("buffer_pool: without provided buffers the receive starves, and says so") {
  Ring ring{{8, 64}};
  BufferPool pool{ring, {BufferKind::provided, 1, kBytes, 0}};
  const Sockets sockets;
  pool.prep_recv_multishot(ring.sqe({}), sockets.near);
  sockets.write("one");
  BufferLease held = pool.claim(wait_for_one(ring));
  sockets.write("two");
  const Completion starved = wait_for_one(ring);
  CHECK(starved.result == -ENOBUFS);
  CHECK_FALSE(starved.more());
  CHECK_FALSE(pool.claim(starved).is_held());
  CHECK(pool.free_count() == 0);
  held.give_back();
  pool.prep_recv_multishot(ring.sqe({}), sockets.near);
  const Completion done = wait_for_one(ring);
  CHECK(text_of(pool.claim(done).memory().first(3)) == "two");
  ring.drain();
}

TEST_CASE("buffer_pool: a completion without a buffer claims none") {
  Ring ring{{8, 16}};
  BufferPool pool{ring, {BufferKind::provided, 2, kBytes, 0}};
  CHECK_FALSE(pool.claim({{}, -ECONNRESET, 0}).is_held());
  CHECK_FALSE(pool.claim({{}, 0, IORING_CQE_F_MORE}).is_held());
  CHECK(pool.free_count() == 2);
}

}  // namespace
}  // namespace urb
