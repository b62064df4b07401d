// What containers and sandboxes take away, as a user meets it: another way, or a remedy.
#include <doctest/doctest.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/preparation.hpp"
#include "e2e/program.hpp"
#include "support/denied_call.hpp"

namespace urb::test {
namespace {

TEST_SUITE_BEGIN("e2e");

// The client, the master and a worker are the user's three processes; a splice needs a fourth.
TEST_CASE("no process left for splices: 77, the limits, and the relays that need none") {
  const auto with_three = [] {
    constexpr uid_t kOtherUser = 64125;
    limit(RLIMIT_NPROC, 3);
    require(setgroups(0, nullptr) == 0 && setresuid(kOtherUser, kOtherUser, kOtherUser) == 0);
  };
  const std::vector<std::string> trial{
      "passthru", "-w", "1",         "-c",       "1",        "-b", "100k",
      "-n",       "20", "--repeats", "1",        "--budget", "0",  "--accept-disturbed",
      "--warmup", "0s", "-q",        "--no-save"};
  const auto with_relay = [&trial](const char* relay) {
    std::vector<std::string> other = trial;
    other.insert(other.end(), {"--relay", relay});
    return other;
  };
  const Outcome linked = run(with_relay("linked"), with_three);
  if (is_skipped(linked)) return;
  CHECK(linked.status == 77);
  CHECK(linked.err.find("no thread for splices") != std::string::npos);
  CHECK(linked.err.find("ulimit -u") != std::string::npos);
  for (const char* const relay : {"sync", "copy"}) {
    const Outcome outcome = run(with_relay(relay), with_three);
    CHECK_MESSAGE(outcome.status == 0, outcome.err);
  }
  // Where none was asked for, those that can run do.
  const Outcome each = run(trial, with_three);
  INFO(each.err);
  CHECK(each.status == 0);
  CHECK(each.err.find("passthru linked is left out: the kernel can make no thread") !=
        std::string::npos);
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
  const std::vector<std::string> trial{
      "msgring",  "-w", "1",  "-c",        "1", "-b",       "0", "-r",
      "yes",      "-n", "20", "--repeats", "1", "--budget", "0", "--accept-disturbed",
      "--warmup", "0s", "-q", "--no-save"};
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

TEST_SUITE_END();

}  // namespace
}  // namespace urb::test
