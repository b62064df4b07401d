// The ring against the real kernel.
#include "uring/ring.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "support/child.hpp"
#include "support/deadline.hpp"
#include "support/open_fds.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

// Collects until `count` completions are there, or patience ends.
std::vector<Completion> collect(Ring& ring, std::size_t count) {
  std::vector<Completion> all;
  const Nanos deadline = monotonic_now() + test::kPatience;
  while (all.size() < count && monotonic_now() < deadline) {
    ring.submit_and_wait(deadline);
    std::array<Completion, 16> batch;
    const std::size_t got = ring.collect(batch);
    all.insert(all.end(), batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(got));
  }
  return all;
}

void queue_nop(Ring& ring, Token token) { io_uring_prep_nop(ring.sqe(token)); }

TEST_CASE("token: packing keeps every field") {
  const Token token{255, 254, 65533, 0xFFFFFFFC};
  CHECK(unpack(pack(token)) == token);
  CHECK(unpack(pack(Token{})) == Token{});
  CHECK(pack({1, 0, 0, 0}) != pack({0, 1, 0, 0}));
  CHECK(pack({0, 0, 1, 0}) != pack({0, 0, 0, 1}));
}

TEST_CASE("completion: flags say what the kernel meant") {
  Completion done;
  CHECK_FALSE(done.more());
  CHECK_FALSE(done.has_buffer());
  done.flags = IORING_CQE_F_MORE;
  CHECK(done.more());
  CHECK_FALSE(done.has_buffer());
  done.flags = IORING_CQE_F_BUFFER;  // buffer 0 is a buffer like any other
  CHECK(done.has_buffer());
  CHECK(done.buffer_id() == 0);
  done.flags = IORING_CQE_F_BUFFER | (0xABCDu << IORING_CQE_BUFFER_SHIFT);
  CHECK(done.buffer_id() == 0xABCD);
}

TEST_CASE("ring: a request completes with its own token") {
  Ring ring{{8, 16}};
  const Token token{3, 4, 5, 6};
  queue_nop(ring, token);
  CHECK(ring.in_flight() == 1);
  const std::vector<Completion> done = collect(ring, 1);
  REQUIRE(done.size() == 1);
  CHECK(done[0].token == token);
  CHECK(done[0].result == 0);
  CHECK(ring.in_flight() == 0);
  CHECK(ring.counters().sqe_count == 1);
  CHECK(ring.counters().enter_count >= 1);
}

TEST_CASE("ring: an SQE is cleared of what the last one left in it") {
  Ring ring{{1, 2}};
  io_uring_sqe* sqe = ring.sqe({});
  io_uring_prep_nop(sqe);
  io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
  REQUIRE(collect(ring, 1).size() == 1);
  sqe = ring.sqe({});
  io_uring_prep_nop(sqe);
  CHECK(static_cast<int>(sqe->flags) == 0);
  CHECK(static_cast<int>(sqe->buf_index) == 0);  // packed: no reference to it
  CHECK(static_cast<int>(sqe->personality) == 0);
  REQUIRE(collect(ring, 1).size() == 1);
}

TEST_CASE("ring: more requests than the queue holds are submitted on the way, in order") {
  Ring ring{{4, 256}};
  for (std::uint32_t index = 0; index < 100; ++index) queue_nop(ring, {0, 0, 0, index});
  const std::vector<Completion> done = collect(ring, 100);
  REQUIRE(done.size() == 100);
  for (std::uint32_t index = 0; index < 100; ++index) CHECK(done[index].token.slot_index == index);
  CHECK(ring.in_flight() == 0);
}

TEST_CASE("ring: a chain that was reserved is not broken by a full queue") {
  Ring ring{{4, 64}};
  for (std::uint32_t filled = 0; filled < 8; ++filled) {
    for (std::uint32_t index = 0; index < filled; ++index) queue_nop(ring, {});
    ring.reserve(2);
    io_uring_sqe* const first = ring.sqe({1, 0, 0, 0});
    io_uring_prep_read(first, -1, nullptr, 0, 0);  // fails, so the second has to be cancelled
    io_uring_sqe_set_flags(first, IOSQE_IO_LINK);
    queue_nop(ring, {2, 0, 0, 0});
    bool was_cancelled = false;
    for (const Completion& done : collect(ring, filled + 2)) {
      if (done.token.owner == 2) was_cancelled = done.result == -ECANCELED;
    }
    CHECK(was_cancelled);
  }
}

TEST_CASE("ring: a small batch leaves the rest for the next") {
  Ring ring{{8, 16}};
  for (std::uint32_t index = 0; index < 3; ++index) queue_nop(ring, {0, 0, 0, index});
  ring.submit();
  std::array<Completion, 2> batch;
  REQUIRE(test::wait_until([&] {
    ring.submit_and_wait(monotonic_now());
    return io_uring_cq_ready(ring.raw()) == 3;
  }));
  CHECK(ring.has_completions());
  CHECK(ring.collect(batch) == 2);
  CHECK(batch[1].token.slot_index == 1);
  CHECK(ring.in_flight() == 1);
  CHECK(ring.collect(batch) == 1);
  CHECK(batch[0].token.slot_index == 2);
  CHECK_FALSE(ring.has_completions());
  CHECK(ring.collect(batch) == 0);
}

TEST_CASE("ring: waiting ends at the deadline when nothing happens") {
  Ring ring{{8, 16}};
  const Nanos deadline = monotonic_now() + std::chrono::milliseconds{5};
  ring.submit_and_wait(deadline);
  CHECK(monotonic_now() >= deadline);
  CHECK_FALSE(ring.has_completions());
  ring.submit_and_wait(Nanos{0});  // long past: it does not wait at all
}

TEST_CASE("ring: a multishot request is in flight until it says that no more will come") {
  Ring ring{{8, 16}};
  int ends[2] = {-1, -1};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const Fd near{Adopt{}, ends[0]};
  const Fd far{Adopt{}, ends[1]};
  io_uring_prep_poll_multishot(ring.sqe({1, 0, 0, 0}), near.get(), POLLIN);
  ring.submit();
  for (int count = 0; count < 2; ++count) {
    REQUIRE(send(far.get(), "x", 1, 0) == 1);
    const std::vector<Completion> done = collect(ring, 1);
    REQUIRE(done.size() == 1);
    CHECK(done[0].more());
    CHECK(ring.in_flight() == 1);
    char byte = 0;
    REQUIRE(recv(near.get(), &byte, 1, 0) == 1);
  }
  ring.drain();
  CHECK(ring.in_flight() == 0);
}

TEST_CASE("ring: draining cancels what would wait for ever, submitted or only queued") {
  int ends[2] = {-1, -1};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const Fd near{Adopt{}, ends[0]};
  const Fd far{Adopt{}, ends[1]};
  char byte = 'u';
  {
    Ring ring{{8, 16}};
    io_uring_prep_recv(ring.sqe({}), near.get(), &byte, 1, 0);
    ring.submit();
    io_uring_prep_recv(ring.sqe({}), near.get(), &byte, 1, 0);
    ring.drain();
    CHECK(ring.in_flight() == 0);
    io_uring_prep_recv(ring.sqe({}), near.get(), &byte, 1, 0);
    ring.submit();
  }  // and the destructor does the same
  REQUIRE(send(far.get(), "x", 1, 0) == 1);
  char read_by_us = 0;
  REQUIRE(recv(near.get(), &read_by_us, 1, MSG_DONTWAIT) == 1);  // nobody else was left to take it
  CHECK(byte == 'u');
}

TEST_CASE("ring: a detached request runs, is counted as a request, and nobody hears of it") {
  int ends[2] = {-1, -1};
  REQUIRE(pipe(ends) == 0);
  const Fd read_end{Adopt{}, ends[0]};
  Ring ring{{8, 16}};
  io_uring_prep_close(ring.detached_sqe(), ends[1]);
  CHECK(ring.in_flight() == 0);
  queue_nop(ring, {1, 2, 3, 4});
  const std::vector<Completion> done = collect(ring, 1);
  REQUIRE(done.size() == 1);
  CHECK(done[0].token == Token{1, 2, 3, 4});
  CHECK(ring.in_flight() == 0);
  CHECK_FALSE(ring.has_completions());
  CHECK(ring.counters().sqe_count == 2);
  char byte = 0;
  CHECK(read(read_end.get(), &byte, 1) == 0);
}

TEST_CASE("ring: a detached request that succeeds ends no wait") {
  int ends[2] = {-1, -1};
  REQUIRE(pipe(ends) == 0);
  const Fd read_end{Adopt{}, ends[0]};
  const auto has_completion = [&](const RingOptions& options, int fd) {
    Ring ring{options};
    io_uring_prep_close(ring.detached_sqe(), fd);
    ring.submit();
    return ring.has_completions();
  };
  Features fewer = kernel_features();
  fewer.remove(Feature::cqe_skip);
  CHECK(has_completion({8, 16, fewer}, dup(ends[1])));
  CHECK(has_completion({8, 16}, dup(ends[1])) == !kernel_features().has(Feature::cqe_skip));
  CHECK(has_completion({8, 16}, -1));  // a failure is told
  ::close(ends[1]);
}

TEST_CASE("ring: a detached request that is only queued runs before the ring is drained") {
  int ends[2] = {-1, -1};
  REQUIRE(pipe(ends) == 0);
  const Fd read_end{Adopt{}, ends[0]};
  Ring ring{{8, 16}};
  io_uring_prep_close(ring.detached_sqe(), ends[1]);
  ring.drain();
  char byte = 0;
  CHECK(read(read_end.get(), &byte, 1) == 0);
}

// 100 completions into a queue of 16: the kernel keeps what does not fit.
TEST_CASE("ring: a completion queue that is too small is counted, and loses nothing") {
  Ring ring{{16, 16}};
  for (std::uint32_t index = 0; index < 16; ++index) queue_nop(ring, {0, 0, 0, index});
  REQUIRE(collect(ring, 16).size() == 16);
  CHECK(ring.counters().cq_overflow_count == 0);  // full is not too small
  for (std::uint32_t index = 0; index < 100; ++index) queue_nop(ring, {0, 0, 0, index});
  const std::vector<Completion> done = collect(ring, 100);
  REQUIRE(done.size() == 100);
  for (std::uint32_t index = 0; index < 100; ++index) CHECK(done[index].token.slot_index == index);
  CHECK(ring.counters().cq_overflow_count != 0);
  CHECK(ring.in_flight() == 0);
  const std::uint64_t after = ring.counters().cq_overflow_count;
  queue_nop(ring, {});
  REQUIRE(collect(ring, 1).size() == 1);
  CHECK(ring.counters().cq_overflow_count == after);
}

TEST_CASE("ring: without memory for it the error is one of limits, and names the remedy") {
#if defined(__SANITIZE_ADDRESS__)
  MESSAGE("skipped: a sanitizer needs address space of its own");
#else
  CHECK(test::exit_status_of([] {
          const rlimit none{0, 0};
          setrlimit(RLIMIT_AS, &none);  // no mapping any more
          try {
            const Ring ring;
          } catch (const Unsupported& error) {
            return std::string_view{error.what()}.find("no memory") != std::string_view::npos ? 7
                                                                                              : 2;
          }
          return 1;
        }) == 7);
#endif
}

TEST_CASE("ring: its life opens and closes one descriptor") {
  const std::size_t before = test::open_fd_count();
  {
    const Ring ring{{8, 16}};
    CHECK(test::open_fd_count() == before + 1);
  }
  CHECK(test::open_fd_count() == before);
}

TEST_CASE("ring: without descriptors the error names the call and the remedy") {
  CHECK(test::exit_status_of([] {
          const rlimit none{3, 3};
          setrlimit(RLIMIT_NOFILE, &none);
          try {
            const Ring ring{{8, 16}};
          } catch (const SysError& error) {
            return error.call() == "io_uring_setup" && error.error() == EMFILE &&
                           !error.hint().empty()
                       ? 7
                       : 2;
          }
          return 1;
        }) == 7);
}

}  // namespace
}  // namespace urb
