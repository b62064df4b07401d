// Who gets which pipe, and in which state.
#include "net/pipe_pool.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace urb {

TEST_SUITE_BEGIN("unit");

TEST_CASE("a pipe pool lends as many pipes as it was asked for, of the size asked for") {
  Counters counters;
  PipePool pool{{2, 128 * 1024}, counters};
  CHECK(pool.free_count() == 2);
  Pipe first = pool.try_take();
  Pipe second = pool.try_take();
  REQUIRE(first.is_open());
  REQUIRE(second.is_open());
  CHECK(pool.free_count() == 0);
  CHECK_FALSE(pool.try_take().is_open());
  for (const Pipe* const pipe : {&first, &second}) {
    CHECK(pipe->capacity_bytes == 128 * 1024);
    CHECK(fcntl(pipe->read_end.get(), F_GETPIPE_SZ) == 128 * 1024);
    CHECK((fcntl(pipe->read_end.get(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((fcntl(pipe->write_end.get(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((fcntl(pipe->write_end.get(), F_GETFD) & FD_CLOEXEC) != 0);
  }
  pool.give_back(std::move(first), true);
  pool.give_back(std::move(second), true);
  CHECK(pool.free_count() == 2);
  CHECK(counters.small_pipes.get() == 0);
}

TEST_CASE("a pipe pool lends the pipe that was used last") {
  Counters counters;
  PipePool pool{{3, 64 * 1024}, counters};
  Pipe first = pool.try_take();
  Pipe second = pool.try_take();
  const int warm = first.read_end.get();
  pool.give_back(std::move(second), true);
  pool.give_back(std::move(first), true);
  Pipe again = pool.try_take();
  CHECK(again.read_end.get() == warm);
  pool.give_back(std::move(again), true);
}

TEST_CASE("a pipe that still holds bytes is closed, not lent again") {
  Counters counters;
  PipePool pool{{1, 64 * 1024}, counters};
  Pipe dirty = pool.try_take();
  const Fd witness{Adopt{}, dup(dirty.write_end.get())};
  REQUIRE(write(dirty.write_end.get(), "x", 1) == 1);
  pool.give_back(std::move(dirty), false);
  CHECK(pool.free_count() == 1);
  Pipe clean = pool.try_take();
  REQUIRE(clean.is_open());
  char byte = 0;
  CHECK(read(clean.read_end.get(), &byte, 1) == -1);
  // The old pipe has no reader left.
  CHECK(fcntl(witness.get(), F_GETPIPE_SZ) > 0);
  pool.give_back(std::move(clean), true);
}

TEST_CASE("a pipe whose size is refused is used at the size it has, and counted") {
  Counters counters;
  // The kernel refuses 1 GiB to everybody: EPERM, or ENOMEM for the privileged.
  PipePool pool{{1, 1U << 30}, counters};
  CHECK(counters.small_pipes.get() == 1);
  Pipe pipe = pool.try_take();
  REQUIRE(pipe.is_open());
  CHECK(pipe.capacity_bytes >= 4096);
  CHECK(pipe.capacity_bytes < 1U << 30);
  pool.give_back(std::move(pipe), true);
}

TEST_CASE("a spare pipe is small, and counted as such") {
  Counters counters;
  PipePool pool{{.pipe_count = 1, .pipe_bytes = 256 * 1024, .spare_count = 1}, counters};
  Pipe pipe = pool.try_take();
  CHECK(counters.small_pipes.get() == 0);
  Pipe spare = pool.try_take();
  REQUIRE(spare.is_open());
  CHECK(spare.capacity_bytes < pipe.capacity_bytes);
  CHECK(counters.small_pipes.get() == 1);
  pool.give_back(std::move(spare), true);
  pool.give_back(std::move(pipe), true);
}

TEST_CASE("a pool of no pipes lends none and makes none") {
  Counters counters;
  PipePool pool{{0, 64 * 1024}, counters};
  CHECK_FALSE(pool.try_take().is_open());
}

TEST_SUITE_END();

}  // namespace urb
