// What rows say of the machine: whose it was, and that the books add up.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "row/row_reader.hpp"

namespace urb::test {
namespace {

// A busy loop, which ends with this object or by itself.
class Hog {
 public:
  Hog() : pid_{fork()} {
    if (pid_ != 0) return;
    alarm(60);
    while (true) {
    }
  }
  Hog(const Hog&) = delete;
  Hog& operator=(const Hog&) = delete;
  ~Hog() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_;
};

std::vector<Row> measure(const TempFolder& folder, std::vector<std::string> arguments) {
  const std::string csv = folder.file("rows.csv");
  arguments.insert(arguments.end(), {"-b", "64k", "-d", "300ms", "--warmup", "50ms", "--repeats",
                                     "2", "--budget", "0", "-q", "--csv", csv});
  const Outcome outcome = run(std::move(arguments));
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  return read_rows(csv);
}

}  // namespace

TEST_SUITE_BEGIN("e2e");

TEST_CASE("a busy loop beside a trial makes its row say so, in every mode") {
  const TempFolder folder;
  const Hog first;
  const Hog second;
  const std::vector<Row> rows = measure(folder, {"cluster", "passthru", "direct", "-r", "yes"});
  CHECK(rows.size() >= 6);
  for (const Row& row : rows) {
    CAPTURE(row.mode);
    CHECK(row.status == Status::ok);
    CHECK(row.disturbed.find("foreign") != std::string::npos);
    CHECK(row.foreign_share.value_or(0) > 0.02);
  }
}

TEST_CASE("the books of a row add up, and it names the boot, the kernel's build, its memory") {
  const TempFolder folder;
  for (const Row& row : measure(folder, {"socket", "direct"})) {
    CAPTURE(row.mode);
    const double sum =
        *row.own_cpu_share + *row.interrupt_share + *row.steal_share + *row.foreign_share;
    // Idle time has steps of 10 ms, which are 3 % of 300 ms. All clocks are not read at one
    // moment: who else runs meanwhile counts once too often, or not at all.
    const double doubt = 0.07 + 0.3 * *row.foreign_share;
    CHECK(sum == doctest::Approx(*row.host_busy_share).epsilon(doubt));
    CHECK(*row.host_busy_share <= 1);
    CHECK(row.yardstick_gb_s.value_or(0) > 0);
    CHECK(row.warmup_s.value_or(0) >= 0.05);
    CHECK(row.host_cpu_us_per_request.value_or(0) > 0);
    CHECK(row.boot_id.size() == 36);
    CHECK_FALSE(row.kernel_compiler.empty());
    CHECK_FALSE(row.tcp_congestion.empty());
    CHECK(row.memory_kb_workers.value_or(0) > 0);
    CHECK(row.memory_kb_master.value_or(0) > 0);
    CHECK(row.socket_memory_kb.has_value());
  }
}

TEST_SUITE_END();

}  // namespace urb::test
