// CPU clocks of another process: its total, and the part that its further threads used. The child
// burns a known amount of CPU time in each, measured by its own thread clocks.
#include "stats/usage.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <thread>

TEST_SUITE_BEGIN("unit");

namespace {

using namespace std::chrono_literals;

void burn(urb::Nanos amount) {
  timespec now{};
  do {
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  } while (std::chrono::seconds{now.tv_sec} + urb::Nanos{now.tv_nsec} < amount);
}

// Burns 20 ms in its leader thread and 60 ms in another, which ends, and sleeps.
class BurningChild {
 public:
  BurningChild() {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    pid_ = fork();
    if (pid_ == 0) {
      std::thread other([] { burn(60ms); });
      other.join();
      burn(20ms);
      (void)!write(ends[1], "x", 1);
      pause();
      _exit(0);
    }
    char done = 0;
    REQUIRE(read(ends[0], &done, 1) == 1);
    close(ends[0]);
    close(ends[1]);
  }
  ~BurningChild() { end(); }
  BurningChild(const BurningChild&) = delete;
  BurningChild& operator=(const BurningChild&) = delete;

  void end() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

}  // namespace

TEST_CASE("usage: the total holds threads that have ended, the split tells them from the leader") {
  const BurningChild child;
  const std::optional<urb::CpuTime> time = urb::sample_cpu_time(child.pid());
  REQUIRE(time.has_value());
  CHECK(time->total >= 80ms);
  if (!time->other_threads) {
    MESSAGE("this kernel has no /proc/<pid>/schedstat");
    return;
  }
  CHECK(*time->other_threads >= 60ms);
  // The leader's 20 ms are not among them.
  CHECK(time->total - *time->other_threads >= 20ms);
}

TEST_CASE("usage: a process that is gone has no time") {
  BurningChild child;
  const pid_t pid = child.pid();
  child.end();
  CHECK_FALSE(urb::sample_cpu_time(pid).has_value());
}

TEST_CASE("usage: the own time grows by what is used") {
  const urb::CpuTime before = urb::own_cpu_time();
  std::thread other([] { burn(5ms); });
  other.join();
  const urb::CpuTime after = urb::own_cpu_time();
  CHECK(after.total - before.total >= 5ms);
  CHECK(*after.other_threads - *before.other_threads >= 5ms);
}

TEST_CASE("usage: context switches of a process count up when it sleeps, and end with it") {
  const std::optional<std::uint64_t> before = urb::sample_context_switches(getpid());
  REQUIRE(before.has_value());
  for (int count = 0; count < 5; ++count) usleep(1000);
  CHECK(*urb::sample_context_switches(getpid()) >= *before + 5);
  const pid_t child = fork();
  if (child == 0) _exit(0);
  REQUIRE(waitpid(child, nullptr, 0) == child);
  CHECK_FALSE(urb::sample_context_switches(child).has_value());
}

TEST_CASE("usage: context switches of all threads count") {
  std::array<int, 2> done{};
  std::array<int, 2> looked{};
  REQUIRE(pipe(done.data()) == 0);
  REQUIRE(pipe(looked.data()) == 0);
  const std::optional<std::uint64_t> before = urb::sample_context_switches(getpid());
  std::thread other([&] {
    char byte = 'x';
    for (int count = 0; count < 50; ++count) usleep(100);
    (void)!write(done[1], &byte, 1);
    (void)!read(looked[0], &byte, 1);  // ended, it would take its count with it
  });
  char byte = 0;
  const bool is_done = read(done[0], &byte, 1) == 1;
  const std::optional<std::uint64_t> after = urb::sample_context_switches(getpid());
  (void)!write(looked[1], &byte, 1);
  other.join();
  for (const int end : {done[0], done[1], looked[0], looked[1]}) close(end);
  REQUIRE(is_done);
  CHECK(*after >= *before + 50);
}

TEST_SUITE_END();
