// Profiles for the page: medians over boots, kernels beside each other, what is too small to show.
#include "report/profiles.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/json.hpp"
#include "unit/report/made_up.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using urb::CellProfile;
using urb::ProfileRow;
using urb::Profiles;

ProfileRow profile_row(const std::string& kernel, unsigned boot, const std::string& subsystem,
                       const std::string& function, double instructions) {
  ProfileRow row;
  row.run_id = "r1";
  row.kernel = kernel;
  row.kernel_compiler = "gcc 14";
  row.guest = "qemu=7.2;cpu=Nehalem-v1;others=" + std::to_string(boot);
  row.mode = "direct";
  row.connections = 4;
  row.subsystem = subsystem;
  row.function = function;
  row.instructions_per_request = instructions;
  row.repeat = boot;
  return row;
}

const urb::SubsystemProfile& subsystem(const CellProfile& cell, const std::string& name) {
  const auto found =
      std::find_if(cell.subsystems.begin(), cell.subsystems.end(),
                   [&](const urb::SubsystemProfile& one) { return one.sum.name == name; });
  REQUIRE(found != cell.subsystems.end());
  return *found;
}

std::vector<double> counts_of(const urb::SubsystemProfile& subsystem, const std::string& name) {
  for (const urb::ProfileEntry& entry : subsystem.functions) {
    if (entry.name == name) return entry.instructions;
  }
  return {};
}

}  // namespace

TEST_CASE("page profiles: medians over the boots, kernels by age, 0 for what did not run") {
  std::vector<ProfileRow> rows;
  for (const unsigned boot : {1U, 2U, 3U}) {
    rows.push_back(profile_row("6.12", boot, "TCP", "", 1000 + boot * boot));
    rows.push_back(profile_row("6.12", boot, "TCP", "tcp_ack", 1000 + boot * boot));
    rows.push_back(profile_row("6.9", boot, "copy", "", boot == 2 ? 900 : 500));
    rows.push_back(profile_row("6.9", boot, "copy", "memcpy", boot == 2 ? 900 : 500));
  }
  Profiles profiles;
  CHECK(profiles.add("a.csv", rows) == 0);
  const auto cells = profiles.cells();
  REQUIRE(cells.size() == 1);
  REQUIRE(cells[0].kernels.size() == 2);
  CHECK(cells[0].kernels[0].name == "6.9");
  CHECK(cells[0].kernels[0].boots == 3);
  CHECK(cells[0].kernels[0].instructions == 500);
  CHECK(cells[0].kernels[1].instructions == 1004);
  // In the order of all tables, not of the file.
  CHECK(cells[0].subsystems[0].sum.name == "copy");
  CHECK(subsystem(cells[0], "copy").sum.instructions == std::vector<double>{500, 0});
  CHECK(counts_of(subsystem(cells[0], "TCP"), "tcp_ack") == std::vector<double>{0, 1004});
  CHECK(subsystem(cells[0], "TCP").functions.size() == 1);
}

TEST_CASE("page profiles: a function is shown on all kernels where one has 0.1 % of it") {
  std::vector<ProfileRow> rows;
  const auto add = [&](const std::string& kernel, double large, double other) {
    const double rest = 10000 - large - other;
    rows.push_back(profile_row(kernel, 1, "TCP", "", 10000));
    rows.push_back(profile_row(kernel, 1, "TCP", "tcp_ack", rest));
    rows.push_back(profile_row(kernel, 1, "TCP", "grown", large));
    rows.push_back(profile_row(kernel, 1, "TCP", "small", other));
  };
  add("6.12", 9, 9);
  add("6.19", 10, 8);
  Profiles profiles;
  profiles.add("a.csv", rows);
  const urb::SubsystemProfile tcp = subsystem(profiles.cells().at(0), "TCP");
  CHECK(counts_of(tcp, "grown") == std::vector<double>{9, 10});
  CHECK(counts_of(tcp, "small").empty());
  CHECK(tcp.functions.front().name == "tcp_ack");
  CHECK(tcp.functions.back().name == urb::kOtherFunctions);
  CHECK(tcp.functions.back().instructions == std::vector<double>{9, 8});
}

TEST_CASE("page profiles: the parts of a function are one, and rows read twice count once") {
  std::vector<ProfileRow> rows{profile_row("6.12", 1, "TCP", "", 300),
                               profile_row("6.12", 1, "TCP", "tcp_ack", 200),
                               profile_row("6.12", 1, "TCP", "tcp_ack.cold", 100)};
  Profiles profiles;
  CHECK(profiles.add("a.csv", rows) == 0);
  CHECK(profiles.add("copy.csv", rows) == 3);
  const auto cells = profiles.cells();
  CHECK(counts_of(subsystem(cells.at(0), "TCP"), "tcp_ack") == std::vector<double>{300});
  CHECK(cells[0].kernels[0].boots == 1);
  CHECK(profiles.files()[1].repeated == 3);
}

TEST_CASE("page profiles: another compiler, processor or method is another kernel, a boot is not") {
  std::vector<ProfileRow> rows;
  for (unsigned boot = 1; boot <= 5; ++boot) {
    ProfileRow row = profile_row("6.12", boot, "TCP", "", 100.0 * boot);
    if (boot == 3) row.kernel_compiler = "gcc 12";
    if (boot == 4) row.guest = "qemu=7.2;cpu=Haswell";
    if (boot == 5) row.method = 2;
    rows.push_back(row);
  }
  Profiles profiles;
  profiles.add("a.csv", rows);
  const auto cells = profiles.cells();
  std::vector<std::size_t> boots;
  std::vector<std::string> names;
  for (const CellProfile::Kernel& kernel : cells.at(0).kernels) {
    boots.push_back(kernel.boots);
    names.push_back(kernel.name);
  }
  CHECK(names == std::vector<std::string>{"6.12", "6.12 (2)", "6.12 (3)", "6.12 (4)"});
  std::sort(boots.begin(), boots.end());
  CHECK(boots == std::vector<std::size_t>{1, 1, 1, 2});
}

TEST_CASE("page profiles: cells differ by what differs, and stand in the report's JSON") {
  ProfileRow row = profile_row("6.12", 1, "TCP", "", 100);
  std::vector<ProfileRow> rows{row};
  row.connections = 8;
  rows.push_back(row);
  Profiles profiles;
  profiles.add("a.csv", rows);
  const urb::Analysis analysis{{{"rows.csv", urb::test::made_up_rates("cluster", {1, 2})}}};
  using Json = nlohmann::ordered_json;
  const Json json = Json::parse(urb::format_analysis_json(analysis, "1.0", profiles));
  const Json& cells = json["profiles"]["cells"];
  REQUIRE(cells.size() == 2);
  CHECK(cells[0]["name"] == "direct 0B no reuse connections=4");
  CHECK(cells[1]["id"] == "p1");
  CHECK(cells[1]["subsystems"][0]["instructions"] == Json::array({100.0}));
  CHECK(cells[1]["kernels"][0]["guest"] == "qemu=7.2;cpu=Nehalem-v1");
  CHECK_FALSE(Json::parse(urb::format_analysis_json(analysis, "1.0")).contains("profiles"));
}

TEST_SUITE_END();
