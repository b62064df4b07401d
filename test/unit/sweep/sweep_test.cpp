// A sweep over made-up kernels: boots, files, findings, and what is said when a boot goes wrong.
#include "sweep/sweep.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/exit_code.hpp"
#include "row/csv.hpp"
#include "row/row_reader.hpp"
#include "support/temp_folder.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

std::string line_of_row(double requests_per_s) {
  Row row;
  row.mode = "socket";
  row.requests_per_s = requests_per_s;
  std::string line = format_csv_record(format_row(row));
  line.pop_back();
  return line;
}

BootResult finished() {
  return {.end = BootEnd::finished, .exit_codes = {0}, .reason = {}, .console = {}};
}

// A sweep under KVM of two kernels, whose boots are a function.
struct SweepRig {
  using Boot = std::function<BootResult(const KernelImage&, const BootHooks&)>;

  explicit SweepRig(Boot boot_) : boot{std::move(boot_)} {
    hooks.boot = [this](const KernelImage& kernel, const GuestTask& task, const BootSetup& setup,
                        const BootHooks& boot_hooks) {
      tasks.push_back(task);
      words.push_back(setup.more_parameters);
      booted.push_back(kernel.release);
      return boot(kernel, boot_hooks);
    };
    hooks.show_progress = [](const Progress&) {};
    hooks.tell = [this](const std::string& text) { told.push_back(text); };
    plan.kernels = {{"a", "6.1", "#1", {}, {}}, {"b", "6.12", "#2", {}, {}}};
    plan.repeats = 2;
    plan.folder = folder.path();
    plan.setup.cpu = GuestCpu::kvm;
    plan.runs = {{"socket"}};
    plan.run_id = "run";
  }
  Sweep& run() {
    sweep.emplace(plan, hooks);
    sweep->run(stop);
    return *sweep;
  }
  std::vector<Row> rows_of(const std::string& release) const {
    return read_rows(folder.file(release + ".csv"), nullptr);
  }

  test::TempFolder folder;
  Boot boot;
  SweepHooks hooks;
  SweepPlan plan;
  std::atomic<bool> stop{false};
  std::vector<GuestTask> tasks;
  std::vector<std::string> words;  ///< for the kernels' command lines
  std::vector<std::string> booted;
  std::vector<std::string> told;
  std::optional<Sweep> sweep;
};

TEST_CASE("sweep: kernel by kernel in each repeat, and rows in a file for each") {
  SweepRig rig{[](const KernelImage& kernel, const BootHooks& hooks) {
    hooks.on_line(line_of_row(kernel.release == "6.1" ? 100 : 300));
    hooks.on_turn();
    return finished();
  }};
  const Sweep& sweep = rig.run();
  CHECK(rig.booted == std::vector<std::string>{"6.1", "6.12", "6.1", "6.12"});
  CHECK(sweep.boots_done() == 4);
  CHECK(sweep.boots_planned() == 4);
  CHECK(sweep.findings().exit_code() == kExitOk);
  CHECK(sweep.list_files().find("2 rows appended to") != std::string::npos);
  const std::vector<Row> rows = rig.rows_of("6.12");
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].repeat == 2);
  CHECK(rows[1].run_id == "run");
  CHECK(rows[1].kernel == "6.12");
  CHECK(*rows[1].requests_per_s == 300);
  const std::string table = sweep.format_tables();
  CHECK(table.find("6.1 ") != std::string::npos);
  CHECK(table.find("socket 0B no reuse, 0 connections") != std::string::npos);
  CHECK(table.find(" 300 ") != std::string::npos);
  CHECK(rig.told.empty());
}

TEST_CASE("sweep: cells of other buffers or connections are other lines, compilers are said") {
  Findings findings{2};
  Row row;
  row.mode = "direct";
  row.kernel_compiler = "gcc-14 (Debian 14.2.0-19) 14.2.0";
  const std::vector<std::string> releases{"6.12", "7.2"};
  for (const auto& [buffers, connections] :
       {std::pair{"plain", 4U}, {"provided", 4U}, {"plain", 64U}}) {
    row.buffers = buffers;
    row.connections = connections;
    for (std::size_t kernel = 0; kernel < 2; ++kernel) findings.add(kernel, row, 7.0);
  }
  const std::string one = findings.format_table(releases, GuestCpu::tcg);
  for (const char* const cell :
       {"direct plain 0B no reuse, 4 connections", "direct provided 0B no reuse, 4 connections",
        "direct plain 0B no reuse, 64 connections"}) {
    CHECK(one.find(cell) != std::string::npos);
  }
  CHECK(one.find("compilers") == std::string::npos);
  row.kernel_compiler = "gcc-16 (Debian 16.2.0-4) 16.2.0";
  findings.add(1, row, 7.0);
  CHECK(findings.format_table(releases, GuestCpu::tcg)
            .find("The compilers differ, and with them the counts. 6.12: gcc 14.2.0, 7.2: gcc "
                  "16.2.0.") != std::string::npos);
}

TEST_CASE("sweep: the words of a kernel, and its program, are in its machine and in its rows") {
  SweepRig rig{[](const KernelImage&, const BootHooks& hooks) {
    hooks.on_line(line_of_row(100));
    return finished();
  }};
  rig.plan.append = {"", "init_on_free=1"};
  rig.plan.program = "0123abcd";
  rig.run();
  CHECK(rig.words == std::vector<std::string>{"", "init_on_free=1", "", "init_on_free=1"});
  CHECK(rig.rows_of("6.1")[0].guest.find(";program=0123abcd;settle") != std::string::npos);
  CHECK(rig.rows_of("6.12")[0].guest.find(";append=init_on_free=1;") != std::string::npos);
}

TEST_CASE("sweep: a value is for all kernels, or one is for each") {
  CHECK(value_for_kernel("--append", {}, 1, 2).empty());
  CHECK(value_for_kernel("--append", {"a"}, 1, 2) == "a");
  CHECK(value_for_kernel("--append", {"a", "b"}, 1, 2) == "b");
  CHECK_THROWS_WITH_AS(static_cast<void>(value_for_kernel("--append", {"a", "b"}, 0, 3)),
                       "--append is given 2 times, for 3 kernels (give it once for all, or once "
                       "for each)",
                       UsageError);
}

TEST_CASE("sweep: another program has another hash") {
  CHECK(hash_program("123456789") == "e3069283");  // the check value of CRC-32C
  CHECK(hash_program("123456780") != "e3069283");
}

TEST_CASE("sweep: counting, each repeat waits for another time") {
  SweepRig rig{[](const KernelImage&, const BootHooks&) { return finished(); }};
  rig.plan.setup.cpu = GuestCpu::tcg;
  rig.run();
  REQUIRE(rig.tasks.size() == 4);
  CHECK(rig.tasks.front().counts_instructions);
  CHECK(rig.tasks.front().settle_s == 7);
  CHECK(rig.tasks.back().settle_s == 8);
}

TEST_CASE("sweep: a boot that ends early has a row, a line and its console") {
  SweepRig rig{[](const KernelImage& kernel, const BootHooks& hooks) {
    if (kernel.release == "6.12") {
      hooks.on_line(line_of_row(300));
      return finished();
    }
    return BootResult{
        .end = BootEnd::panic, .exit_codes = {}, .reason = "it broke", .console = "Oops\n"};
  }};
  const Sweep& sweep = rig.run();
  CHECK(sweep.findings().exit_code() == kExitFailed);
  const std::vector<Row> rows = rig.rows_of("6.1");
  REQUIRE(rows.size() == 2);
  CHECK(rows.front().status == Status::panic);
  CHECK(rows.front().warnings == "it broke");
  CHECK(rows.front().mode == "socket");
  REQUIRE(rig.told.size() == 2);
  CHECK(rig.told.front().starts_with("6.1: it broke; its console: "));
  std::ifstream console{rig.folder.file("6.1.console.log")};
  std::string text;
  std::getline(console, text);
  CHECK(text == "Oops");
}

TEST_CASE("sweep: runs that could not begin are unsupported, or have failed") {
  for (const int code : {kExitUnsupported, kExitFailed}) {
    SweepRig rig{[code](const KernelImage&, const BootHooks&) {
      return BootResult{.end = BootEnd::finished,
                        .exit_codes = {code},
                        .reason = {},
                        .console = "boot\nuring-bench: too old\n"};
    }};
    const Sweep& sweep = rig.run();
    CHECK(sweep.findings().exit_code() == code);
    CHECK(sweep.format_tables().empty());
    const Row row = rig.rows_of("6.1").front();
    CHECK((row.status == Status::unsupported) == (code == kExitUnsupported));
    CHECK(row.warnings.find("too old") != std::string::npos);
  }
}

TEST_CASE("sweep: a stop ends it behind the boot that it met") {
  SweepRig* self = nullptr;
  SweepRig rig{[&self](const KernelImage&, const BootHooks&) {
    self->stop = true;
    return BootResult{.end = BootEnd::interrupted, .exit_codes = {}, .reason = {}, .console = {}};
  }};
  self = &rig;
  const Sweep& sweep = rig.run();
  CHECK(rig.booted.size() == 1);
  CHECK(rig.rows_of("6.1").empty());
  CHECK(sweep.findings().exit_code() == kExitUnsupported);
}

}  // namespace
}  // namespace urb

TEST_SUITE_END();
