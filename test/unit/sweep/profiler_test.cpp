// `sweep --profile` over a made-up kernel, whose boot writes what QEMU's plugin and a guest would.
#include "sweep/profiler.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "row/csv.hpp"
#include "support/temp_folder.hpp"
#include "sweep/sweep.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

constexpr std::uint64_t kText = 0xffffffff81000000;

void append(const std::string& path, const std::string& bytes) {
  std::ofstream file{path, std::ios::binary | std::ios::app};
  file << bytes;
}

// One block of `instructions` in tcp_ack().
std::string make_window(std::uint64_t instructions) {
  const std::uint64_t words[]{1, kText + 4, instructions};
  return {reinterpret_cast<const char*>(words), sizeof words};
}

// A row of ten requests, of so many instructions each.
std::string line_of_cell(Status status, double instructions) {
  Row row;
  row.mode = "socket";
  row.connections = 4;
  row.requests = 10;
  row.cpu_us_per_request_client = instructions / 1000;
  row.status = status;
  if (status != Status::ok) row.requests.reset();
  std::string line = format_csv_record(format_row(row));
  line.pop_back();
  return line;
}

// A counting sweep with a profile: two boots of one kernel.
struct ProfileRig {
  ProfileRig() {
    hooks.boot = [this](const KernelImage&, const GuestTask& task, const BootSetup& setup,
                        const BootHooks& boot_hooks) {
      sends_symbols.push_back(task.sends_symbols);
      REQUIRE(setup.profile);
      for (const std::uint64_t instructions : windows) {
        append(setup.profile->windows, make_window(instructions));
      }
      for (std::size_t index = 0; index < statuses.size(); ++index) {
        boot_hooks.on_line(line_of_cell(statuses[index], counts.at(index)));
      }
      if (task.sends_symbols) append(setup.profile->symbols, "ffffffff81000000 T tcp_ack\n");
      return BootResult{.end = BootEnd::finished, .exit_codes = {0}, .reason = {}, .console = {}};
    };
    hooks.show_progress = [](const Progress&) {};
    hooks.tell = [this](const std::string& line) { told.push_back(line); };
    plan.kernels = {{"a", "6.1", "#1", {}}};
    plan.repeats = 2;
    plan.folder = folder.path();
    plan.runs = {{"socket"}};
    plan.run_id = "run";
    plan.profile_plugin = "/x/plugin.so";
  }
  void run() {
    sweep.emplace(plan, hooks);
    sweep->run(stop);
  }
  std::vector<ProfileRow> rows() const { return read_profile(folder.file("6.1.profile.csv")); }

  test::TempFolder folder;
  std::vector<std::uint64_t> windows{500};
  std::vector<Status> statuses{Status::ok};
  std::vector<double> counts{50};  ///< of the rows
  std::vector<std::string> told;
  SweepHooks hooks;
  SweepPlan plan;
  std::atomic<bool> stop{false};
  std::vector<bool> sends_symbols;
  std::optional<Sweep> sweep;
};

TEST_CASE("profile: a row of each function and each subsystem, beside the row of the cell") {
  ProfileRig rig;
  rig.run();
  const std::vector<ProfileRow> rows = rig.rows();
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].subsystem == "TCP");
  CHECK(rows[0].function.empty());
  CHECK(rows[1].function == "tcp_ack");
  for (const ProfileRow& row : rows) {
    CHECK(row.run_id == "run");
    CHECK(row.kernel == "6.1");
    CHECK(row.mode == "socket");
    CHECK(row.connections == 4);
    CHECK(row.guest.ends_with(";build=#1"));
    CHECK(row.instructions_per_request == 50);
  }
  CHECK(rows[3].repeat == 2);
  // Only the first boot of a kernel sends its symbols.
  CHECK(rig.sends_symbols == std::vector<bool>{true, false});
  CHECK(rig.sweep->format_tables().find("| TCP") != std::string::npos);
  CHECK(rig.sweep->list_files().find("4 rows appended to") != std::string::npos);
}

TEST_CASE("profile: more windows than rows, or fewer, end the sweep") {
  ProfileRig without;
  without.windows.clear();
  CHECK_THROWS_WITH(without.run(), doctest::Contains("1 rows came with 0 profiles"));
  ProfileRig with_two;
  with_two.windows = {500, 500};
  CHECK_THROWS_WITH(with_two.run(), doctest::Contains("1 rows came with 2 profiles"));
}

TEST_CASE("profile: windows that are ahead of their rows are theirs all the same") {
  ProfileRig rig;
  rig.windows = {500, 700};
  rig.statuses = {Status::ok, Status::ok};
  rig.counts = {50, 70};
  rig.run();
  const std::vector<ProfileRow> rows = rig.rows();
  REQUIRE(rows.size() == 8);
  CHECK(rows[1].instructions_per_request == 50);
  CHECK(rows[3].instructions_per_request == 70);
}

TEST_CASE("profile: a row without figures has none, whether its trial has left a window or not") {
  for (const std::vector<std::uint64_t>& windows :
       {std::vector<std::uint64_t>{500, 700, 600}, {500, 600}}) {
    ProfileRig rig;
    rig.windows = windows;
    rig.statuses = {Status::unsupported, Status::ok, Status::failed, Status::ok};
    rig.counts = {0, 50, 0, 60};
    rig.run();
    const std::vector<ProfileRow> rows = rig.rows();
    REQUIRE(rows.size() == 8);
    CHECK(rows[1].instructions_per_request == 50);
    CHECK(rows[3].instructions_per_request == 60);
    CHECK(rig.told.empty());
  }
}

TEST_CASE("profile: where it cannot be told whose a window is, there is none, and it is said") {
  ProfileRig rig;
  rig.windows = {500, 600};
  rig.statuses = {Status::ok, Status::failed, Status::failed};
  rig.counts = {50, 0, 0};
  rig.run();
  CHECK(rig.rows().empty());
  REQUIRE(rig.told.size() == 2);
  CHECK(rig.told[0].find("boot 1: no profile") != std::string::npos);
}

TEST_CASE("profile: one that is not near its row's count is left out, and it is said") {
  ProfileRig rig;
  rig.counts = {40};  // and the window has 50
  rig.run();
  CHECK(rig.rows().empty());
  REQUIRE(rig.told.size() == 2);
  CHECK(rig.told[0].find("boot 1: socket") != std::string::npos);
  CHECK(rig.told[0].find("holds +25 % more than is counted") != std::string::npos);
  ProfileRig near;
  near.counts = {49};
  near.run();
  CHECK(near.rows().size() == 4);
}

TEST_CASE("profile: a kernel whose symbols are hidden is said so") {
  ProfileRig rig;
  const auto boot = rig.hooks.boot;
  rig.hooks.boot = [&](const KernelImage& kernel, const GuestTask& task, const BootSetup& setup,
                       const BootHooks& hooks) {
    GuestTask silent = task;
    silent.sends_symbols = false;
    return boot(kernel, silent, setup, hooks);
  };
  CHECK_THROWS_WITH(rig.run(), doctest::Contains("/proc/kallsyms shows no addresses"));
}

TEST_CASE("profile: QEMU 6.2 to 8 and QEMU 9 and 10 take plugins of their own, others none") {
  for (const char* const version : {"6.2.0", "7.2.22", "8.2.2"}) {
    CHECK(plugin_interface_of(version) == 1);
  }
  for (const char* const version : {"9.0.0", "10.0.2"}) CHECK(plugin_interface_of(version) == 2);
  for (const char* const version : {"4.2.1", "6.1.0", "11.0.0", "72.0"}) {
    CHECK(plugin_interface_of(version) == 0);
  }
  CHECK_THROWS_WITH_AS(static_cast<void>(find_profile_plugin({"qemu", "11.0.0"})),
                       doctest::Contains("QEMU 6.2 to 10"), Unsupported);
}

TEST_CASE("profile: under KVM there is nothing to count") {
  SweepOptions options;
  options.profile = true;
  options.accel = AccelChoice::kvm;
  const SweepHooks hooks;
  const std::atomic<bool> stop{false};
  CHECK_THROWS_WITH_AS(static_cast<void>(plan_sweep(options, hooks, stop)),
                       doctest::Contains("--profile"), UsageError);
}

}  // namespace
}  // namespace urb
