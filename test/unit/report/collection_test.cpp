// What may stand in one table: sections, settings, cells, and the order of kernels.
#include "report/collection.hpp"

#include <doctest/doctest.h>

#include "report/builds.hpp"
#include "report/context.hpp"
#include "report/markdown_report.hpp"
#include "report/releases.hpp"
#include "report/reproduction.hpp"
#include "unit/report/made_up.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using urb::Row;
using urb::test::made_up_row;

Row timed_row(const std::string& mode) {
  Row row = made_up_row(mode);
  row.requests_per_s = 100;
  return row;
}

}  // namespace

TEST_CASE("report: rows of another meter, machine or kernel are in no section together") {
  const Row one = timed_row("direct");
  for (const auto& change : std::vector<void (*)(Row&)>{
           [](Row& row) { row.method += 1; }, [](Row& row) { row.kernel = "6.13"; },
           [](Row& row) { row.machine = "other"; }, [](Row& row) { row.accelerator = "kvm"; },
           [](Row& row) { row.lo_mtu = 1500; }, [](Row& row) { row.link = "veth, mtu 1500"; },
           [](Row& row) { row.client_host = "loadgen"; },
           [](Row& row) { row.server_host = "sut"; }}) {
    Row other = one;
    change(other);
    CHECK(urb::collect({one, other}).size() == 2);
  }
  CHECK(urb::collect({one, one}).size() == 1);
  // Older rows do not say what everybody's link was.
  Row other = one;
  other.link = "lo";
  CHECK(urb::collect({one, other}).size() == 1);
}

TEST_CASE("report: rows of an old schema and of this one are both there, each in its section") {
  std::vector<Row> rows{made_up_row("socket"), made_up_row("socket")};
  rows[0].schema = 1;
  rows[0].method = 2;
  for (Row& row : rows) row.requests_per_s = 5;
  const std::string text = urb::make_markdown_report(urb::Analysis{{{"both.csv", rows}}});
  CHECK(text.find("## Linux 6.12, method 2") != std::string::npos);
  CHECK(text.find("## Linux 6.12, method 3") != std::string::npos);
  CHECK(text.find("There are 2 methods: what lies between them is the meter's change") !=
        std::string::npos);
}

TEST_CASE("report: counts of two compilers or processors are in no section together") {
  Row older = made_up_row("direct");
  older.instructions_per_request = 1000;
  older.accelerator = "tcg";
  older.kernel_compiler = "x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0";
  older.kernel_config = "0123;UBSAN=y";
  older.irq_accounting = "no";
  older.guest = "qemu=7.2.22;cpu=Nehalem-v1";
  Row newer = older;
  newer.kernel = "7.2";
  newer.kernel_config = "thp=never";
  newer.irq_accounting.clear();
  const std::vector<Row> same{older, newer};
  REQUIRE(urb::collect(same).size() == 1);
  CHECK(urb::title_of(urb::collect(same).front()) ==
        "Instructions by kernel, method 3, gcc 14.2.0, Nehalem-v1");
  const std::string text = urb::make_markdown_report(urb::Analysis{{{"both.csv", same}}});
  CHECK(text.find("kernel options: 6.12: UBSAN=y; 7.2: thp=never, others unknown") !=
        std::string::npos);
  newer.kernel_compiler = "gcc-16 (Debian 16.2.0-4) 16.2.0";
  CHECK(urb::collect({older, newer}).size() == 2);
  newer.kernel_compiler = older.kernel_compiler;
  newer.guest = "qemu=7.2.22;cpu=Nehalem-v1,+erms";
  CHECK(urb::collect({older, newer}).size() == 2);
  // A boot that failed never said what built its kernel.
  newer.guest = older.guest;
  Row failed = newer;
  failed.status = urb::Status::panic;
  failed.kernel_compiler.clear();
  CHECK(urb::collect({failed, older, newer}).size() == 1);
}

TEST_CASE("report: two builds of one release are no cell together") {
  Row row = made_up_row("direct");
  row.instructions_per_request = 1000;
  row.kernel_config = "0123;UBSAN=y";
  Row other = row;
  other.kernel_config = "4567";
  for (const char* const mode : {"direct", "micro-nop"}) {
    row.mode = other.mode = mode;
    const std::vector<Row> rows{row, other};
    const std::vector<urb::Section> sections = urb::collect(rows);
    REQUIRE(sections.size() == 1);
    REQUIRE(sections.front().settings.size() == 2);
    CHECK(sections.front().settings.front().title.ends_with("kernel_config 0123;UBSAN=y"));
  }
}

TEST_CASE("report: a row of time and count is in a section of either kind") {
  Row both = timed_row("direct");
  both.instructions_per_request = 1000;
  const std::vector<Row> rows{both};
  const std::vector<urb::Section> sections = urb::collect(rows);
  REQUIRE(sections.size() == 2);
  CHECK_FALSE(sections[0].is_count);
  CHECK(sections[1].is_count);
}

TEST_CASE("report: what else differs makes another setting, what a cell is of does not") {
  std::vector<Row> rows{timed_row("cluster")};
  for (const auto& change : std::vector<void (*)(Row&)>{
           [](Row& row) { row.mode = "socket"; }, [](Row& row) { row.relay = "copy"; },
           [](Row& row) { row.body_bytes = 1; }, [](Row& row) { row.reuse = false; }}) {
    change(rows.emplace_back(timed_row("cluster")));
  }
  CHECK(urb::collect(rows).front().settings.size() == 1);
  CHECK(urb::collect(rows).front().settings.front().cells.size() == 5);
  for (const auto& change : std::vector<void (*)(Row&)>{
           [](Row& row) { row.workers = 2; }, [](Row& row) { row.connections = 2; },
           [](Row& row) { row.client = "ab"; }, [](Row& row) { row.response_bytes = 9; },
           [](Row& row) { row.rate_requested = 9; }}) {
    change(rows.emplace_back(timed_row("cluster")));
  }
  CHECK(urb::collect(rows).front().settings.size() == 6);
}

TEST_CASE("report: what another program does not know, it shares with most rows") {
  std::vector<Row> rows{timed_row("cluster"), timed_row("cluster"), timed_row("cluster"),
                        timed_row("nginx")};
  rows[0].buffers = rows[1].buffers = "registered";
  rows[2].buffers = "plain";
  const std::vector<urb::Section> sections = urb::collect(rows);
  REQUIRE(sections.front().settings.size() == 2);
  const urb::Setting& setting = sections.front().settings.front();
  CHECK(urb::value_of(setting.values, "buffers") == "registered");
  CHECK(setting.cells.size() == 2);
  CHECK(setting.title == "1 worker, 1 connection, closed loop, buffers registered, client builtin");
}

TEST_CASE("report: the data path is named where there are several, and names are plain") {
  std::vector<Row> rows{timed_row("passthru"), timed_row("passthru"), timed_row("socket"),
                        timed_row("a<b>|`c`")};
  rows[0].relay = "copy";
  rows[1].relay = "linked";
  rows[2].relay = "copy";
  const std::vector<urb::Section> sections = urb::collect(rows);
  std::vector<std::string> names;
  for (const urb::Cell& cell : sections.front().settings.front().cells) {
    names.push_back(cell.name());
  }
  CHECK(names ==
        std::vector<std::string>{"socket", "passthru copy", "passthru linked", "a_b___c_"});
}

TEST_CASE("report: a compiler in two words") {
  CHECK(urb::short_compiler("x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0") == "gcc 14.2.0");
  CHECK(urb::short_compiler("gcc (GCC) 15.3.0") == "gcc 15.3.0");
  CHECK(urb::short_compiler("Debian clang version 19.1.7") == "clang 19.1.7");
  CHECK(urb::short_compiler("gcc") == "gcc");
  CHECK(urb::short_compiler("something (else)") == "something (else)");
}

TEST_CASE("report: kernels by version") {
  std::vector<Row> rows;
  for (const char* const kernel : {"6.12.57+deb13", "6.9.0", "7.3.0-rc7", "5.10.0-9", "7.3.1",
                                   "5.10.0-35", "7.3.0", "6.12.6"}) {
    rows.push_back(timed_row("direct"));
    rows.back().kernel = kernel;
  }
  std::vector<const Row*> pointers;
  for (const Row& row : rows) pointers.push_back(&row);
  CHECK(urb::kernels_in_order(pointers) ==
        std::vector<std::string>{"5.10.0-9", "5.10.0-35", "6.9.0", "6.12.6", "6.12.57+deb13",
                                 "7.3.0-rc7", "7.3.0", "7.3.1"});
  CHECK(urb::short_release("6.12.57+deb13-amd64", {"6.12.57+deb13-amd64"}) == "6.12.57");
  CHECK(urb::short_release("6.1.0-41-amd64", {"6.1.0-41-amd64"}) == "6.1.0-41");
  CHECK(urb::short_release("6.1.0-cloud", {"6.1.0-cloud", "6.1.0-rt"}) == "6.1.0-cloud");
}

TEST_CASE("report: the command that measures a cell again") {
  const auto command_of = [](const Row& row) {
    const std::vector<Row> rows{row};
    const std::vector<urb::Section> sections = urb::collect(rows);
    const urb::Setting& setting = sections.front().settings.front();
    return urb::command_of(setting.cells.front(), setting);
  };
  Row row = timed_row("passthru");
  row.relay = "copy";
  row.policy = "rr";
  row.pinning = "0;1,2";
  row.repeat = 7;
  row.duration_s = 0.20003;
  CHECK(command_of(row) ==
        "uring-bench passthru --relay copy --body 1k --reuse yes --workers 1 --connections 1 "
        "--policy rr --pin auto --duration 200ms --repeats 7");
  row.mode = "nginx-direct";
  CHECK(command_of(row) == "");
  row.mode = "cluster";
  row.relay = "";
  row.kernel = "6.1'";
  row.accelerator = "tcg";
  row.guest = "qemu=7.2;machine=microvm";
  CHECK(
      command_of(row).starts_with("uring-bench sweep --kernel '/boot/vmlinuz-6.1'\\'''"
                                  " --accel tcg --repeats 7 -- cluster --body 1k"));
  row = timed_row("micro-fd-pass");
  CHECK(command_of(row) == "uring-bench micro fd-pass --repeats 1");
}

TEST_CASE("report: who does TLS makes cells, and whether anybody does makes tables") {
  std::vector<Row> rows{timed_row("direct"), timed_row("socket"), timed_row("socket")};
  rows[0].tls = "worker";
  rows[1].tls = "sni";
  rows[2].tls = "off";
  const std::vector<urb::Section> sections = urb::collect(rows);
  const std::vector<urb::Setting>& settings = sections.front().settings;
  REQUIRE(settings.size() == 2);
  CHECK(urb::title_of(settings[0].values).find("tls yes") != std::string::npos);
  REQUIRE(settings[0].cells.size() == 2);
  CHECK(settings[0].cells[0].label == "socket tls=sni");
  CHECK(settings[0].cells[1].label == "direct tls=worker");
  REQUIRE(settings[1].cells.size() == 1);
  CHECK(settings[1].cells[0].label == "socket");
  rows.resize(1);
  rows[0].tls = "worker+resume";
  const std::vector<urb::Section> alone = urb::collect(rows);
  const urb::Setting& setting = alone.front().settings.front();
  CHECK(urb::command_of(setting.cells.front(), setting).find(" --tls worker --tls-resume") !=
        std::string::npos);
}

TEST_SUITE_END();
