// Full tables as a user meets them: what the program says, and how it ends.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include "e2e/program.hpp"
#include "report/warnings.hpp"
#include "support/denied_call.hpp"

namespace urb::test {
namespace {

constexpr int kNotAllowed = 126;  // exit status of a preparation that this user may not do
constexpr uid_t kNobody = 65534;

void require(bool done) {
  if (!done) _exit(kNotAllowed);
}

void limit(__rlimit_resource_t resource, rlim_t value) {
  const rlimit both{value, value};
  require(setrlimit(resource, &both) == 0);
}

// Limits that root is exempt from need somebody else.
void become_nobody() {
  if (geteuid() != 0) return;
  require(setgroups(0, nullptr) == 0 && setresgid(kNobody, kNobody, kNobody) == 0 &&
          setresuid(kNobody, kNobody, kNobody) == 0);
}

// Pipes that stay open until this user gets no more than the smallest.
void fill_pipe_budget() {
  int size = 1024 * 1024;
  while (true) {
    int ends[2];
    require(pipe(ends) == 0);
    while (size > 4096 && fcntl(ends[1], F_SETPIPE_SZ, size) < size) size /= 2;
    if (fcntl(ends[1], F_GETPIPE_SZ) <= 8192) return;
  }
}

void write_file(const char* path, const std::string& text) {
  std::ofstream file{path};
  file << text << std::flush;
  require(file.good());
}

// A network of its own, whose limits are nobody else's, with a loopback that works.
void enter_own_network() {
  require(unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0);
  const int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq loopback{};
  std::strcpy(loopback.ifr_name, "lo");
  loopback.ifr_flags = IFF_UP | IFF_RUNNING;
  require(any >= 0 && ioctl(any, SIOCSIFFLAGS, &loopback) == 0);
  close(any);
}

bool is_skipped(const Outcome& outcome) {
  if (outcome.status != kNotAllowed) return false;
  MESSAGE("skipped: this user may not prepare it");
  return true;
}

std::size_t count_of(const std::string& text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

std::string slurp(const std::string& path) {
  std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_SUITE_BEGIN("e2e");

TEST_CASE("serve tells of a shortage once while it lasts, and how often at its end") {
  Serve serve{{"direct", "-w", "1"}, [] { limit(RLIMIT_NOFILE, 40); }};
  const std::string sentence{text_of(Warning::fds_exhausted)};
  for (int round = 0; round < 2; ++round) {
    const Outcome load =
        run({"load", serve.url(), "-c", "64", "-b", "1k", "-r", "no", "-n", "300"});
    CHECK_MESSAGE(load.status == 0, load.err);
    CHECK(wait_until([&] { return serve.program().err().find(sentence) != std::string::npos; }));
  }
  serve.program().signal(SIGTERM);
  const Outcome end = serve.program().wait();
  CHECK(end.status == 0);
  CHECK(count_of(end.err, sentence) == 1);
  CHECK(end.err.find("ran short, how often: fds_exhausted ") != std::string::npos);
}

TEST_CASE("serve without a shortage says nothing") {
  Serve serve{{"cluster", "-w", "2"}};
  CHECK(run({"load", serve.url(), "-c", "2", "-b", "1k", "-n", "100"}).status == 0);
  serve.program().signal(SIGTERM);
  const Outcome end = serve.program().wait();
  CHECK(end.status == 0);
  CHECK(end.err.empty());
}

TEST_CASE("too little lockable memory: 77 and the remedy, which helps") {
  const auto with = [](rlim_t bytes) {
    return [bytes] {
      limit(RLIMIT_MEMLOCK, bytes);
      become_nobody();
    };
  };
  // Too little for the rings, where the kernel counts them, and for the buffers.
  const Outcome no_ring = run({"serve", "direct", "-l", "127.0.0.1:0"}, with(64 * 1024));
  if (is_skipped(no_ring)) return;
  const Outcome no_buffers = run({"serve", "socket", "-l", "127.0.0.1:0"}, with(4 << 20));
  for (const Outcome& outcome : {no_ring, no_buffers}) {
    CHECK_MESSAGE(outcome.status == 77, outcome.err);
    CHECK(outcome.err.find("ulimit -l") != std::string::npos);
    CHECK(outcome.out.empty());
  }
  CHECK(no_buffers.err.find("--buffers plain") != std::string::npos);
  const Outcome plain = run({"socket", "--buffers", "plain", "-n", "100", "-b", "1k", "--repeats",
                             "1", "--warmup", "10ms", "--no-save", "-q"},
                            with(4 << 20));
  CHECK_MESSAGE(plain.status == 0, plain.err);
}

// What a server had is given back by the kernel only some time after its end, and counts so long.
TEST_CASE("an ordinary user's 8 MiB of lockable memory are enough, trial after trial") {
  const Outcome outcome =
      run({"all", "-n", "100", "-b", "1k", "--repeats", "3", "--warmup", "10ms", "--no-save", "-q"},
          [] {
            limit(RLIMIT_MEMLOCK, 8 << 20);
            become_nobody();
          });
  if (is_skipped(outcome)) return;
  CHECK_MESSAGE(outcome.status == 0, outcome.err);
}

TEST_CASE("too little address space for the receive memory: 77 and the remedy") {
#if defined(__SANITIZE_ADDRESS__)
  MESSAGE("skipped: a sanitizer needs address space of its own");
#else
  const Outcome outcome =
      run({"serve", "socket", "-l", "127.0.0.1:0"}, [] { limit(RLIMIT_AS, 24 << 20); });
  CHECK_MESSAGE(outcome.status == 77, outcome.err);
  CHECK(outcome.err.find("memory") != std::string::npos);
#endif
}

TEST_CASE("no pipe pages left: the relay works with small pipes, and says so") {
  for (const char* const relay : {"linked", "sync"}) {
    CAPTURE(relay);
    Serve serve{{"passthru", "-w", "1", "--relay", relay}, [] {
                  become_nobody();
                  fill_pipe_budget();
                }};
    const Outcome load = run({"load", serve.url(), "-c", "4", "-b", "10M", "-n", "8"});
    CHECK_MESSAGE(load.status == 0, load.err);
    serve.program().signal(SIGTERM);
    const Outcome end = serve.program().wait();
    CHECK(end.status == 0);
    CHECK(count_of(end.err, text_of(Warning::small_pipes)) == 1);
  }
}

// The client, the master and a worker are the user's three processes; a splice needs a fourth.
TEST_CASE("no process left for splices: 77, the limits, and the relays that need none") {
  const auto with_three = [] {
    constexpr uid_t kStranger = 64125;
    limit(RLIMIT_NPROC, 3);
    require(setgroups(0, nullptr) == 0 && setresuid(kStranger, kStranger, kStranger) == 0);
  };
  const std::vector<std::string> trial{"passthru", "-w",       "1",  "-c", "1",
                                       "-b",       "100k",     "-n", "20", "--repeats",
                                       "1",        "--warmup", "0s", "-q", "--no-save"};
  const Outcome linked = run(trial, with_three);
  if (is_skipped(linked)) return;
  CHECK(linked.status == 77);
  CHECK(linked.err.find("no thread for splices") != std::string::npos);
  CHECK(linked.err.find("ulimit -u") != std::string::npos);
  for (const char* const relay : {"sync", "copy"}) {
    std::vector<std::string> other = trial;
    other.insert(other.end(), {"--relay", relay});
    const Outcome outcome = run(other, with_three);
    CHECK_MESSAGE(outcome.status == 0, outcome.err);
  }
  const Outcome doctor = run({"doctor"}, with_three);
  CHECK(doctor.status == 77);
  CHECK(doctor.out.find("cgroup pids.max") != std::string::npos);
}

TEST_CASE("a loopback that is down: run, load and doctor end with 77, and serve warns") {
  const auto without_loopback = [] {
    require(unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0);
  };
  constexpr std::string_view kRemedy = "the loopback device is down: ip link set lo up";
  const Outcome doctor = run({"doctor"}, without_loopback);
  if (is_skipped(doctor)) return;
  CHECK(doctor.status == 77);
  CHECK(count_of(doctor.out, kRemedy) > 1);  // every mode's line, and the device's own
  const Outcome trial = run({"cluster", "--no-save", "-q"}, without_loopback);
  CHECK(trial.status == 77);
  CHECK(trial.err.find(kRemedy) != std::string::npos);
  const Outcome load = run({"load", "http://127.0.0.1:9/", "-q", "-n", "1"}, without_loopback);
  CHECK(load.status == 77);
  CHECK(load.err.find(kRemedy) != std::string::npos);
  Serve serve{{"direct", "-w", "1"}, without_loopback};
  CHECK(wait_until([&] { return serve.program().err().find(kRemedy) != std::string::npos; }));
}

TEST_CASE("root without CAP_IPC_LOCK: doctor does not call the limit of locked memory ok") {
  const Outcome doctor = run({"doctor"}, [] {
    limit(RLIMIT_MEMLOCK, 64 * 1024);
    // From the bounding set, so that exec does not give it back.
    require(geteuid() == 0 && prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK, 0, 0, 0) == 0);
  });
  if (is_skipped(doctor)) return;
  const std::size_t line = doctor.out.find("ulimit -l)");
  REQUIRE(line != std::string::npos);
  const std::string rest = doctor.out.substr(line, doctor.out.find('\n', line) - line);
  CHECK_MESSAGE(rest.find("--buffers plain") != std::string::npos, rest);
}

TEST_CASE("calls that a container's filter denies: another way, or 77 with the call's name") {
  const std::vector<std::string> trial{"msgring", "-w",       "1",   "-c", "1",        "-b",
                                       "0",       "-r",       "yes", "-n", "20",       "--repeats",
                                       "1",       "--warmup", "0s",  "-q", "--no-save"};
  for (const int error : {EPERM, ENOSYS}) {
    CAPTURE(error);
    const auto without = [error](long number) {
      return [=] { require(deny_call(number, error)); };
    };
    const Outcome closing = run(trial, without(SYS_close_range));
    CHECK_MESSAGE(closing.status == 0, closing.err);
    const Outcome child = run(trial, without(SYS_pidfd_open));
    CHECK(child.status == 77);
    CHECK(child.err.find("pidfd_open") != std::string::npos);
    const Outcome ring = run(trial, without(SYS_pidfd_getfd));
    CHECK(ring.status == 77);
    CHECK(ring.err.find("pidfd_getfd") != std::string::npos);
    for (const long number : {SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register}) {
      const Outcome denied = run(trial, without(number));
      CHECK(denied.status == 77);
      CHECK(denied.err.find("io_uring_") != std::string::npos);
      CHECK(denied.err.find("seccomp") != std::string::npos);
    }
    const Outcome relay =
        run({"serve", "passthru", "--relay", "sync", "-l", "127.0.0.1:0"}, without(SYS_splice));
    CHECK(relay.status == 77);
    CHECK(relay.err.find("splice") != std::string::npos);
  }
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("a server that dies before it is ready: the signal, and the limit behind it") {
  const Outcome outcome = run({"serve", "cluster", "-w", "1", "-l", "127.0.0.1:0"},
                              [] { limit(RLIMIT_STACK, 64 * 1024); });
  CHECK(outcome.status == 1);
  CHECK(outcome.err.find("killed by signal 11") != std::string::npos);
  CHECK(outcome.err.find("ulimit -s") != std::string::npos);
}
#endif

// Connects that are tried again after seconds may outlast the trial: then it has failed, and the
// warning is in its reason.
TEST_CASE("a listen queue that overflows is a warning of its trial") {
  TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  const Outcome outcome = run({"cluster", "-w", "1", "-c", "24", "-b", "0", "-r", "no", "-d", "1s",
                               "--warmup", "10ms", "--repeats", "1", "-q", "--csv", csv},
                              [] {
                                enter_own_network();
                                write_file("/proc/sys/net/core/somaxconn", "8");
                              });
  if (is_skipped(outcome)) return;
  const std::string row = slurp(csv);
  const std::string sentence{text_of(Warning::listen_overflowed)};
  if (outcome.status == 0) {
    CHECK(row.find("listen_overflowed") != std::string::npos);
    CHECK(outcome.out.find(sentence) != std::string::npos);
  } else {
    CHECK(outcome.status == 1);
    CHECK(row.find(sentence) != std::string::npos);
  }
}

TEST_CASE("a client without local ports: the trial fails, with the remedy") {
  TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  const Outcome outcome = run({"cluster", "-w", "1", "-c", "16", "-b", "0", "-r", "no", "-d", "1s",
                               "--repeats", "1", "-q", "--csv", csv},
                              [] {
                                enter_own_network();
                                write_file("/proc/sys/net/ipv4/ip_local_port_range", "40000 40007");
                              });
  if (is_skipped(outcome)) return;
  CHECK(outcome.status == 1);
  const std::string rows = slurp(csv);
  CHECK(rows.find("Cannot assign requested address") != std::string::npos);
  CHECK(rows.find("net.ipv4.ip_local_port_range") != std::string::npos);
  CHECK(rows.find("--reuse yes") != std::string::npos);
  CHECK(rows.find(",failed") != std::string::npos);
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb::test
