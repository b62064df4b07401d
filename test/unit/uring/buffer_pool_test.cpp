// The four kinds of receive memory against the real kernel, and the queue of received bytes.
#include "uring/buffer_pool.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "support/child.hpp"
#include "support/deadline.hpp"
#include "support/open_fds.hpp"
#include "unit/uring/pool_rig.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

constexpr std::uint32_t kBytes = test::kPoolBytes;
using test::Sockets;
using test::text_of;
using test::wait_for_one;

// A lease with `text` at offset `begin`.
BufferLease lease_with(BufferPool& pool, std::string_view text, std::size_t begin = 0) {
  BufferLease lease = pool.try_take();
  REQUIRE(lease.is_held());
  std::memcpy(lease.memory().data() + begin, text.data(), text.size());
  return lease;
}

TEST_CASE("buffer_pool: the way of a receive is known from the request itself") {
  const Sockets sockets;
  const auto way_of = [&](BufferKind kind, Features features) {
    Ring ring{{8, 16, features}};
    BufferPool pool{ring, {kind, 4, kBytes, 0}};
    io_uring_sqe sqe{};
    if (is_provided(kind)) {
      pool.prep_recv_multishot(&sqe, sockets.near);
    } else {
      pool.prep_read(&sqe, sockets.near, pool.try_take().memory());
    }
    return way_of_receive(sqe);
  };
  const Features here = kernel_features();
  CHECK(way_of(BufferKind::plain, here) == ReceiveWay::plain);
  CHECK(way_of(BufferKind::registered, without(here, "recv_registered")) == ReceiveWay::read_fixed);
  // What the table promises of a kernel that has it (7.2).
  if (here.has(Feature::recv_registered)) {
    CHECK(way_of(BufferKind::registered, here) == ReceiveWay::registered);
  }
  for (const BufferKind kind : {BufferKind::provided, BufferKind::provided_inc}) {
    const Feature needed =
        kind == BufferKind::provided ? Feature::recv_multishot : Feature::provided_inc;
    if (here.has(needed)) CHECK(way_of(kind, here) == ReceiveWay::provided);
  }
}

TEST_CASE("buffer_pool: bytes land in the leased buffer, and only where they were asked for") {
  for (const BufferKind kind : {BufferKind::registered, BufferKind::plain}) {
    CAPTURE(name_of(kind));
    Ring ring{{8, 16}};
    BufferPool pool{ring, {kind, 4, kBytes, 0}};
    const Sockets sockets;
    const BufferLease lease = pool.try_take();
    const BufferLease neighbour = pool.try_take();
    pool.prep_read(ring.sqe({}), sockets.near, lease.memory().subspan(100, 4));
    sockets.write("abcdefgh");
    const Completion done = wait_for_one(ring);
    CHECK(done.result == 4);
    CHECK_FALSE(done.has_buffer());
    CHECK(text_of(lease.memory().subspan(99, 6)) == std::string("\0abcd\0", 6));
    CHECK(neighbour.memory()[0] == std::byte{0});
  }
}

TEST_CASE("buffer_pool: leases go out until there are none, and come back once") {
  Ring ring{{8, 16}};
  BufferPool pool{ring, {BufferKind::plain, 3, kBytes, 0}};
  std::vector<BufferLease> leases;
  for (std::uint32_t left = 3; left-- > 0;) {
    leases.push_back(pool.try_take());
    CHECK(leases.back().is_held());
    CHECK(leases.back().memory().size() == kBytes);
    CHECK(pool.free_count() == left);
  }
  CHECK(leases[0].memory().data() != leases[1].memory().data());
  CHECK_FALSE(pool.try_take().is_held());
  CHECK(pool.free_count() == 0);
  leases[1].give_back();
  leases[1].give_back();
  CHECK(pool.free_count() == 1);
  leases.clear();
  CHECK(pool.free_count() == 3);
}

TEST_CASE("buffer_pool: the buffer used last is the next, since its memory is warm") {
  Ring ring{{8, 16}};
  BufferPool pool{ring, {BufferKind::plain, 4, kBytes, 0}};
  BufferLease first = pool.try_take();
  BufferLease second = pool.try_take();
  const std::byte* const memory = first.memory().data();
  second.give_back();
  first.give_back();
  CHECK(pool.try_take().memory().data() == memory);
}

TEST_CASE("buffer_pool: moving a lease moves the duty to give it back") {
  Ring ring{{8, 16}};
  BufferPool pool{ring, {BufferKind::plain, 2, kBytes, 0}};
  BufferLease source = pool.try_take();
  BufferLease target{std::move(source)};
  CHECK_FALSE(source.is_held());  // NOLINT(bugprone-use-after-move): the point of the test
  CHECK(pool.free_count() == 1);
  target = pool.try_take();  // gives the old one back
  CHECK(pool.free_count() == 1);
  BufferLease& same = target;
  target = std::move(same);
  CHECK(target.is_held());
  target = BufferLease{};
  CHECK(pool.free_count() == 2);
}

TEST_CASE("buffer_pool: a lease that outlives its pool is a bug") {
  CHECK(test::aborts([] {
    Ring ring{{8, 16}};
    BufferLease lease;
    BufferPool pool{ring, {BufferKind::plain, 2, kBytes, 0}};
    lease = pool.try_take();
  }));
}

TEST_CASE("buffer_pool: a read outside the arena is a bug") {
  CHECK(test::aborts([] {
    Ring ring{{8, 16}};
    BufferPool pool{ring, {BufferKind::plain, 2, kBytes, 0}};
    std::array<std::byte, 8> elsewhere{};
    pool.prep_read(ring.sqe({}), 0, elsewhere);
  }));
}

TEST_CASE("buffer_pool: too little locked memory is said with its remedy") {
  // Root may lock without limit: then there is nothing to refuse.
  const int status = test::exit_status_of([] {
    const rlimit little{4096, 4096};
    setrlimit(RLIMIT_MEMLOCK, &little);
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) return 3;
    try {
      Ring ring{{8, 16}};
      const BufferPool pool{ring, {BufferKind::registered, 64, 1024 * 1024, 0}};
    } catch (const Unsupported& error) {
      return std::string_view{error.what()}.find("ulimit -l") != std::string_view::npos ? 7 : 2;
    }
    return 1;
  });
  CHECK((status == 7 || status == 3));
}

TEST_CASE("byte_queue: bytes come out oldest first, and each buffer goes back when it is read") {
  Ring ring{{8, 16}};
  BufferPool pool{ring, {BufferKind::plain, 4, kBytes, 0}};
  ByteQueue queue;
  CHECK(queue.is_empty());
  CHECK(queue.front().empty());
  queue.push(lease_with(pool, "abc", 10), 10, 13);
  queue.push(lease_with(pool, "defg"), 0, 4);
  queue.push(lease_with(pool, "h", 4095), 4095, 4096);
  CHECK(queue.buffer_count() == 3);
  CHECK(pool.free_count() == 1);
  std::string all;
  while (!queue.is_empty()) {
    all += text_of(queue.front().first(1));
    queue.consume(1);
  }
  CHECK(all == "abcdefgh");
  CHECK(queue.buffer_count() == 0);
  CHECK(pool.free_count() == 4);
}

TEST_CASE("byte_queue: it may be filled again while it is read, and after it was empty") {
  Ring ring{{8, 16}};
  BufferPool pool{ring, {BufferKind::plain, 3, kBytes, 0}};
  ByteQueue queue;
  queue.push(lease_with(pool, "ab"), 0, 2);
  for (int round = 0; round < 10; ++round) {
    queue.consume(1);
    queue.push(lease_with(pool, "ab"), 0, 2);
    CHECK(text_of(queue.front()) == "b");
    queue.consume(1);
    CHECK(text_of(queue.front()) == "ab");
  }
  queue.consume(2);
  CHECK(queue.is_empty());
  queue.push(lease_with(pool, "x"), 0, 1);
  CHECK(text_of(queue.front()) == "x");
  queue.clear();
  CHECK(pool.free_count() == 3);
}

TEST_CASE("byte_queue: an empty range gives its buffer back at once") {
  Ring ring{{8, 16}};
  BufferPool pool{ring, {BufferKind::plain, 2, kBytes, 0}};
  ByteQueue queue;
  queue.push(pool.try_take(), 7, 7);
  CHECK(queue.is_empty());
  CHECK(pool.free_count() == 2);
  queue.push({}, 0, 0);  // nothing came with the hand-over
  CHECK(queue.is_empty());
  queue.consume(0);
}

TEST_CASE("byte_queue: what is not read goes back with the queue") {
  Ring ring{{8, 16}};
  BufferPool pool{ring, {BufferKind::plain, 2, kBytes, 0}};
  {
    ByteQueue queue;
    queue.push(lease_with(pool, "ab"), 0, 2);
    queue.push(lease_with(pool, "cd"), 0, 2);
    queue.consume(1);
  }
  CHECK(pool.free_count() == 2);
}

TEST_CASE("byte_queue: consuming more than there is aborts") {
  CHECK(test::aborts([] {
    Ring ring{{8, 16}};
    BufferPool pool{ring, {BufferKind::plain, 2, kBytes, 0}};
    ByteQueue queue;
    queue.push(pool.try_take(), 0, 2);
    queue.consume(3);
  }));
}

}  // namespace
}  // namespace urb
