// Full tables as a user meets them: what the program says, and how it ends.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include "e2e/preparation.hpp"
#include "e2e/program.hpp"
#include "row/warnings.hpp"

namespace urb::test {
namespace {

constexpr uid_t kNobody = 65534;

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
  const Outcome plain =
      run({"socket", "--buffers", "plain", "-n", "100", "-b", "1k", "--repeats", "1", "--budget",
           "0", "--accept-disturbed", "--warmup", "10ms", "--no-save", "-q"},
          with(4 << 20));
  CHECK_MESSAGE(plain.status == 0, plain.err);
}

// What a server had is given back by the kernel only some time after its end, and counts so long.
// A master that reads heads locks 2 MiB more, which may not fit: such a mode is left out, by name.
TEST_CASE("an ordinary user's 8 MiB of lockable memory are enough, trial after trial") {
  const Outcome outcome = run({"all", "-n", "100", "-b", "1k", "--repeats", "3", "--budget", "0",
                               "--accept-disturbed", "--warmup", "10ms", "--no-save", "-q"},
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

// Connects that are tried again after seconds may outlast the trial: then it has failed, and the
// warning is in its reason.
TEST_CASE("a listen queue that overflows is a warning of its trial") {
  TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  const Outcome outcome = run({"cluster", "-w",        "1",  "-c",       "24", "-b",
                               "0",       "-r",        "no", "-d",       "1s", "--warmup",
                               "10ms",    "--repeats", "1",  "--budget", "0",  "--accept-disturbed",
                               "-q",      "--csv",     csv},
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
  const Outcome outcome =
      run({"cluster", "-w", "1", "-c", "16", "-b", "0", "-r", "no", "-d", "1s", "--repeats", "1",
           "--budget", "0", "--accept-disturbed", "-q", "--csv", csv},
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
