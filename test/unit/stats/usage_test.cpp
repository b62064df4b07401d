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

TEST_SUITE_END();
