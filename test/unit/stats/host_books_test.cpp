// Made books, then the machine's own.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "base/clock.hpp"
#include "stats/host_books.hpp"
#include "stats/memory_use.hpp"

TEST_SUITE_BEGIN("unit");

using namespace std::chrono_literals;
using urb::HostBooks;
using urb::HostTime;
using urb::ProcessTime;
using urb::use_between;

namespace {

// Two CPUs for two seconds, of which `idle` were idle.
struct Made {
  HostBooks begin{.time = HostTime{.at = 1s, .cpus = 2}, .processes = {}};
  HostBooks end{.time = HostTime{.at = 3s, .cpus = 2}, .processes = {}};

  explicit Made(urb::Nanos idle) { end.time->idle = idle; }
  void add(pid_t pid, const char* name, urb::Nanos used, urb::Nanos reaped = 0s) {
    ProcessTime process{.pid = pid, .started_at = 5, .name = name};
    process.is_kernel_work = name[0] == 'k';
    process.used = 7s;
    process.reaped = 9s;
    begin.processes.push_back(process);
    process.used += used;
    process.reaped += reaped;
    end.processes.push_back(process);
  }
  [[nodiscard]] urb::HostUse use(double own_s, bool apart = false) const {
    constexpr pid_t kOwn[] = {50};
    return *use_between(begin, end, kOwn, own_s, {}, apart);
  }
};

}  // namespace

TEST_CASE("host books: all CPUs in one line, or those that are allowed") {
  constexpr auto kText =
      "cpu  100 20 30 4000 500 6 7 80 50 0\n"
      "cpu0 60 10 10 3000 400 6 0 80 50 0\n"
      "cpu1 40 10 20 1000 100 0 7 0 0 0\n"
      "intr 5\n";
  const auto all = urb::parse_host_time(kText, {});
  REQUIRE(all.has_value());
  CHECK(all->cpus == 2);
  CHECK(all->idle == 45s);
  CHECK(all->interrupts == 130ms);
  CHECK(all->steal == 800ms);
  constexpr unsigned kSecond[] = {1};
  const auto second = urb::parse_host_time(kText, kSecond);
  REQUIRE(second.has_value());
  CHECK(second->cpus == 1);
  CHECK(second->idle == 11s);
  constexpr unsigned kMissing[] = {1, 2};
  CHECK_FALSE(urb::parse_host_time(kText, kMissing).has_value());
  CHECK_FALSE(urb::parse_host_time("", {}).has_value());
  CHECK_FALSE(urb::parse_host_time("intr 5", {}).has_value());
}

TEST_CASE("host books: a process' line, whatever its name holds") {
  const auto process = urb::parse_process_time(
      "42 (a ) (b) R 1 42 42 0 -1 4194304 1 2 3 4 50 60 7 8 20 0 1 0 4711 1 2 "
      "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0");
  REQUIRE(process.has_value());
  CHECK(process->name == "a ) (b");
  CHECK(process->started_at == 4711);
  CHECK(process->reaped == 150ms);
  CHECK(process->cpu == 1);
  CHECK_FALSE(process->is_kernel_work);
  CHECK_FALSE(urb::parse_process_time("42 (a) R 1 2").has_value());
  CHECK_FALSE(urb::parse_process_time("").has_value());
  const auto thread = urb::parse_process_time(
      "14 (ksoftirqd/0) S 2 0 0 0 -1 69238848 0 0 0 0 0 5 0 0 20 0 1 0 3 0 0 "
      "18446744073709551615 0 0 0 0 0 0 0 2147483647 0 1 0 0 17 0 0 0 0 0 0");
  REQUIRE(thread.has_value());
  CHECK(thread->is_kernel_work);
}

TEST_CASE("host books: what is in nobody's clock is interrupts, and the parts add up") {
  Made made{1s};  // so 3 s busy
  made.add(50, "own", 2s, 1s);
  made.add(60, "cc1plus", 700ms);
  made.add(14, "ksoftirqd/0", 50ms);
  const urb::HostUse use = made.use(2.2);
  CHECK(use.capacity_s == doctest::Approx(4));
  CHECK(use.busy_s == doctest::Approx(3));
  CHECK(use.foreign_s == doctest::Approx(0.7));
  CHECK(use.interrupts_s == doctest::Approx(0.1));
  CHECK(use.own_s + use.interrupts_s + use.steal_s + use.foreign_s == doctest::Approx(use.busy_s));
  CHECK(use.busiest == "cc1plus (pid 60) 0.35 CPUs");
}

TEST_CASE("host books: processes that came and went are in what was reaped") {
  Made made{0s};
  made.add(50, "own", 0s);
  made.add(70, "make", 0s, 1500ms);
  // It had used 1 s before, and has ended: that second is no part of this window.
  made.begin.processes.push_back(
      {.pid = 71, .parent = 70, .started_at = 6, .used = 1s, .name = "old"});
  // It began within the window.
  made.end.processes.push_back({.pid = 72, .started_at = 7, .used = 250ms, .name = "new"});
  CHECK(made.use(3.2).foreign_s == doctest::Approx(0.75));
  // A number that is used again is another process.
  made.end.processes.back().pid = 71;
  CHECK(made.use(3.2).foreign_s == doctest::Approx(0.75));
  // A kernel thread ends, and nobody gets its time: no one else's may shrink for it.
  made.begin.processes.push_back(
      {.pid = 73, .parent = 2, .started_at = 8, .used = 9s, .name = "kworker"});
  CHECK(made.use(3.2).foreign_s == doctest::Approx(0.75));
}

TEST_CASE("host books: a chain that ended gives what it had used before to its last reaper") {
  Made made{0s};
  made.add(50, "own", 0s);
  // All of it has come by way of cc, which had reaped nothing when the window began.
  made.add(70, "make", 0s, 20s + 1500ms);
  made.begin.processes.push_back({.pid = 71, .parent = 70, .started_at = 6, .name = "cc"});
  made.begin.processes.push_back(
      {.pid = 72, .parent = 71, .started_at = 6, .used = 20s, .name = "cc1plus"});
  CHECK(made.use(2.5).foreign_s == doctest::Approx(1.5));
}

TEST_CASE("host books: a child of the experiment is its own, named or not") {
  Made made{0s};
  made.add(50, "client", 1s);
  made.add(80, "peer", 800ms);
  made.add(81, "stranger", 600ms);
  for (HostBooks* const books : {&made.begin, &made.end}) books->processes[1].parent = 50;
  const urb::HostUse use = made.use(2.6);
  CHECK(use.own_s == doctest::Approx(3.4));
  CHECK(use.foreign_s == doctest::Approx(0.6));
}

TEST_CASE("host books: whom /proc hides shows as more than interrupts can be") {
  const Made made{0s};
  CHECK(made.use(3.8).foreign_s == doctest::Approx(0));
  const urb::HostUse hidden = made.use(2);
  CHECK(hidden.interrupts_s == doctest::Approx(urb::kRestMax * 4 + 0.02));
  CHECK(hidden.foreign_s == doctest::Approx(2 - urb::kRestMax * 4 - 0.02));
}

TEST_CASE("host books: a kernel that books interrupts apart is believed") {
  Made made{0s};
  made.end.time->interrupts = 2s;
  CHECK(made.use(2, true).foreign_s == doctest::Approx(0));
  CHECK(made.use(2, true).interrupts_s == doctest::Approx(2));
  CHECK(made.use(2, false).foreign_s > 1);
}

TEST_CASE("host books: who ran on another CPU is no matter of these") {
  Made made{0s};
  made.add(60, "elsewhere", 1s);
  constexpr unsigned kAllowed[] = {1};
  const auto use = use_between(made.begin, made.end, {}, 3.9, kAllowed, false);
  CHECK(use->foreign_s == doctest::Approx(0));
}

TEST_CASE("host books: without a clock, or with none between, nothing is said") {
  const Made made{0s};
  CHECK_FALSE(use_between({}, made.end, {}, 1, {}, false).has_value());
  CHECK_FALSE(use_between(made.begin, made.begin, {}, 1, {}, false).has_value());
}

TEST_CASE("host books: a process that burns a CPU is seen and named") {
  const auto look = [] {
    HostBooks books;
    books.processes = urb::sample_process_times();
    books.time = urb::sample_host_time({});
    return books;
  };
  const pid_t hog = fork();
  if (hog == 0) {
    alarm(10);  // whatever becomes of the test
    while (true) {
    }
  }
  const HostBooks begin = look();
  const urb::Nanos until = urb::monotonic_now() + 300ms;
  while (urb::monotonic_now() < until) usleep(10'000);
  const HostBooks end = look();
  const auto use = use_between(begin, end, {}, 0, {}, false);
  const auto without = use_between(begin, end, std::vector<pid_t>{hog}, 0, {}, false);
  kill(hog, SIGKILL);
  waitpid(hog, nullptr, 0);
  REQUIRE(use.has_value());
  // On a busy machine it gets a small part of a CPU.
  CHECK(use->foreign_s - without->foreign_s > 0.003);
  CHECK(use->busy_s <= use->capacity_s);
  CHECK_FALSE(use->busiest.empty());
}

TEST_CASE("memory use: the proportional set size and the kernel's pages of TCP") {
  CHECK(urb::parse_pss_kb("Rss:   1744 kB\nPss:    249 kB\nPss_Dirty:  116 kB\n") == 249);
  CHECK_FALSE(urb::parse_pss_kb("Rss: 1744 kB\n").has_value());
  CHECK(urb::parse_tcp_pages("sockets: used 12\nTCP: inuse 1 orphan 0 tw 0 alloc 1 mem 158\n"
                             "UDP: inuse 0 mem 3\n") == 158);
  CHECK_FALSE(urb::parse_tcp_pages("UDP: inuse 0 mem 3\n").has_value());
  CHECK(urb::sample_memory_kb(getpid()).value_or(0) > 100);
  CHECK(urb::sample_socket_memory_kb().has_value());
}

TEST_SUITE_END();
