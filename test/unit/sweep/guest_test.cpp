// What guests run, and what becomes of the rows they print.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "row/csv.hpp"
#include "row/warnings.hpp"
#include "sweep/guest_plan.hpp"
#include "sweep/guest_rows.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

using Arguments = std::vector<std::string>;

bool has_words(const Arguments& run, const Arguments& words) {
  return std::search(run.begin(), run.end(), words.begin(), words.end()) != run.end();
}

std::string line_of(const Row& row) {
  std::string line = format_csv_record(format_row(row));
  line.pop_back();
  return line;
}

KernelImage made_up_kernel() { return {"vmlinuz", "6.1.0-56", "#1 SMP Debian", {}, {}}; }

TEST_CASE("guest plan: counting, the number of requests is fixed; by time it is not") {
  const auto counted = plan_guest_runs({"socket", "-b", "4K"}, GuestCpu::tcg);
  REQUIRE(counted.size() == 1);
  CHECK(has_words(counted.front(), {"socket", "-b", "4K"}));
  CHECK(has_words(counted.front(), {"-n", "200"}));
  CHECK(has_words(counted.front(), {"--csv", "-"}));
  // A boot is one round, and no budget makes more of it.
  CHECK(has_words(counted.front(), {"--repeats", "1", "--budget", "0", "--accept-disturbed"}));
  const auto typed = plan_guest_runs({"socket", "--requests=70", "--warmup", "1s"}, GuestCpu::tcg);
  CHECK_FALSE(has_words(typed.front(), {"-n"}));
  CHECK_FALSE(has_words(typed.front(), {"--warmup", "20ms"}));
  const auto timed = plan_guest_runs({"socket"}, GuestCpu::kvm);
  CHECK_FALSE(has_words(timed.front(), {"-n"}));
}

TEST_CASE("guest plan: by default every mode and relay, four sizes, and the operations") {
  const auto runs = plan_guest_runs({}, GuestCpu::tcg);
  for (const char* const size : {"0", "4K", "64K", "1M"}) {
    for (const char* const relay : {"linked", "sync", "copy"}) {
      CHECK(std::any_of(runs.begin(), runs.end(), [&](const Arguments& run) {
        return has_words(run, {"passthru", "--relay", relay, "-b", size});
      }));
    }
  }
  for (const char* const kind : {"plain", "provided"}) {
    CHECK(std::any_of(runs.begin(), runs.end(), [&](const Arguments& run) {
      return run.front() == "direct" && has_words(run, {"-b", "1M"}) &&
             has_words(run, {"--buffers", kind});
    }));
  }
  CHECK(std::any_of(runs.begin(), runs.end(), [](const Arguments& run) {
    return has_words(run, {"-c", "64"});
  }));
  CHECK(runs.back().front() == "micro");
  CHECK_FALSE(has_words(runs.back(), {"--no-reference"}));
}

TEST_CASE("guest plan: by default no row is of few requests") {
  for (const Arguments& run : plan_guest_runs({}, GuestCpu::tcg)) {
    const auto value_of = [&run](const char* option, unsigned otherwise) {
      const auto at = std::find(run.begin(), run.end(), option);
      return at == run.end() ? otherwise : static_cast<unsigned>(std::stoul(*(at + 1)));
    };
    CAPTURE(run.front());
    CHECK(value_of("-n", 0) >= kRequestsFew);
    CHECK(value_of("-n", 0) >= kRequestsPerConnectionFew * value_of("-c", 4));
  }
}

TEST_CASE("guest plan: what a sweep sets itself is found in every spelling") {
  CHECK(find_reserved_option({"socket", "-b", "1M"}).empty());
  CHECK(find_reserved_option({"socket", "--csv=x"}) == "--csv");
  CHECK(find_reserved_option({"socket", "--repeats", "3"}) == "--repeats");
  CHECK(find_reserved_option({"socket", "-q"}) == "--quiet");
}

TEST_CASE("guest rows: counting, CPU time becomes instructions and no figure of time stays") {
  const KernelImage kernel = made_up_kernel();
  const BootContext context{"run", kernel, "qemu=7", GuestCpu::tcg, 8, 2};
  Row row;
  row.mode = "socket";
  row.requests = 500;
  row.duration_s = 0.1;
  row.requests_per_s = 5000;
  row.latency_us_p99 = 3;
  row.cpu_us_per_request_client = 20.5;
  row.cpu_us_per_request_master = 0.25;
  row.cpu_us_per_request_workers = 30;
  row.cpu_us_per_request_iowq = 1;  // part of the two before
  row.host_cpu_us_per_request = 51.25;
  row.cpu_s_per_gb_server = 9;
  row.enters_per_request = 2;
  row.bottleneck = "client";
  row.warnings = "few_repeats;dirty_tree;emulated_cpu";
  row.kernel_config = "thp=always";
  const std::optional<Row> counted = parse_guest_line(line_of(row), context);
  REQUIRE(counted);
  CHECK(counted->instructions_per_request == 50750);
  CHECK(counted->guest ==
        "qemu=7;settle=8;build=#1 SMP Debian;client=20500;master=250;workers=30000;others=500");
  CHECK(counted->kernel == "6.1.0-56");
  CHECK(counted->accelerator == "tcg");
  CHECK(counted->repeat == 2);
  CHECK(counted->requests == 500);
  CHECK(counted->enters_per_request == 2);
  CHECK(counted->warnings == "dirty_tree");
  CHECK(counted->bottleneck.empty());
  for (const auto& figure : {counted->duration_s, counted->requests_per_s, counted->latency_us_p99,
                             counted->cpu_us_per_request_client, counted->cpu_us_per_request_iowq,
                             counted->cpu_s_per_gb_server}) {
    CHECK_FALSE(figure);
  }
}

TEST_CASE("guest rows: counting, no time of the emulator stays in any column") {
  std::vector<std::string> fields = format_row(Row{});
  for (std::size_t place = 0; place < kColumns.size(); ++place) {
    const FieldType type = kColumns.at(place).type;
    if (type == FieldType::count || type == FieldType::figure) fields[place] = "7";
  }
  std::string line = format_csv_record(fields);
  line.pop_back();
  const KernelImage kernel = made_up_kernel();
  const std::optional<Row> row =
      parse_guest_line(line, {"run", kernel, "qemu=7", GuestCpu::tcg, 8, 1});
  REQUIRE(row);
  const std::vector<std::string> left = format_row(*row);
  std::size_t time_count = 0;
  for (std::size_t place = 0; place < kColumns.size(); ++place) {
    const Column& column = kColumns.at(place);
    CAPTURE(column.name);
    // A rate that was asked for is no time that was measured.
    const bool is_time = column.unit.is_time && column.name != "rate_requested";
    time_count += is_time ? 1 : 0;
    if (is_time) CHECK(left[place].empty());
    if (!is_time && fields[place] == "7") CHECK_FALSE(left[place].empty());
  }
  CHECK(time_count > 10);
}

TEST_CASE("guest rows: counting, warnings about time go, the others and reasons stay") {
  const KernelImage kernel = made_up_kernel();
  Row row;
  for (const WarningInfo& warning : all_warnings()) {
    row.warnings += std::string{warning.name} + ";";
  }
  row.warnings += "not_ours";
  const std::optional<Row> counted =
      parse_guest_line(line_of(row), {"run", kernel, "qemu=7", GuestCpu::tcg, 8, 1});
  REQUIRE(counted);
  const std::string kept = ";" + counted->warnings + ";";
  for (const WarningInfo& warning : all_warnings()) {
    CAPTURE(warning.name);
    const bool is_kept = kept.find(";" + std::string{warning.name} + ";") != std::string::npos;
    CHECK(is_kept == (warning.doubt == Doubt::all));
  }
  CHECK(kept.ends_with(";not_ours;"));
}

TEST_CASE("guest rows: by time, figures stay as they are and count nothing") {
  const KernelImage kernel = made_up_kernel();
  const BootContext context{"run", kernel, "qemu=7", GuestCpu::kvm, 1, 1};
  Row row;
  row.mode = "socket";
  row.requests_per_s = 5000;
  row.cpu_us_per_request_workers = 30;
  const std::optional<Row> timed = parse_guest_line(line_of(row), context);
  REQUIRE(timed);
  CHECK(timed->requests_per_s == 5000);
  CHECK_FALSE(timed->instructions_per_request);
  CHECK(timed->accelerator == "kvm");
}

TEST_CASE("guest rows: the kernel's configuration comes from beside its image") {
  KernelImage kernel = made_up_kernel();
  const BootContext context{"run", kernel, "qemu=7", GuestCpu::tcg, 7, 1};
  Row row;
  row.mode = "socket";
  row.kernel_config = "thp=always";
  row.preemption = "dynamic:";
  const std::optional<Row> unknown = parse_guest_line(line_of(row), context);
  REQUIRE(unknown);
  CHECK(unknown->kernel_config == "thp=always");
  CHECK(unknown->preemption == "dynamic:");
  kernel.config = {"0123;UBSAN=y", 250, "dynamic:lazy", "no"};
  const std::optional<Row> known = parse_guest_line(line_of(row), context);
  REQUIRE(known);
  CHECK(known->kernel_config == "0123;UBSAN=y;thp=always");
  CHECK(known->hz == 250);
  CHECK(known->preemption == "dynamic:lazy");
  CHECK(known->irq_accounting == "no");
  CHECK(make_failure_row({}, context, "socket").kernel_config == "0123;UBSAN=y");
}

TEST_CASE("guest rows: headers are none, other lines are refused, early ends have a row") {
  const KernelImage kernel = made_up_kernel();
  const BootContext context{"run", kernel, "qemu=7", GuestCpu::tcg, 7, 1};
  std::string header = format_csv_record(column_names());
  header.pop_back();
  CHECK_FALSE(parse_guest_line(header, context));
  CHECK_THROWS_AS((void)parse_guest_line("hello", context), std::runtime_error);
  BootResult result;
  result.reason = "why";
  struct Case {
    BootEnd end;
    Status status;
  };
  for (const Case& each :
       {Case{BootEnd::panic, Status::panic}, Case{BootEnd::timeout, Status::timeout},
        Case{BootEnd::failed, Status::failed}, Case{BootEnd::refused, Status::unsupported}}) {
    result.end = each.end;
    const Row row = make_failure_row(result, context, "socket");
    CHECK(row.status == each.status);
    CHECK(row.warnings == "why");
    CHECK(row.mode == "socket");
  }
}

}  // namespace
}  // namespace urb

TEST_SUITE_END();
