// Profiles of two files: what changed, what is noise, what was renamed, and what is refused.
#include "compare/profile_comparison.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "compare/profile_json.hpp"
#include "compare/profile_text.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using urb::ProfileRow;
using urb::ProfileSide;

struct Function {
  std::string subsystem;
  std::string name;
  double instructions;
};

// The rows of one cell of one boot: the functions, and the sums of their subsystems.
void add_boot(ProfileSide& side, unsigned boot, const std::vector<Function>& functions,
              const std::string& mode = "direct") {
  ProfileRow row;
  row.run_id = "r1";
  row.kernel = side.name;
  row.kernel_compiler = "gcc 14";
  row.kernel_config = "abc";
  row.guest = "qemu=7.2;cpu=Nehalem-v1;settle=7;client=5;others=" + std::to_string(boot);
  row.mode = mode;
  row.buffers = "registered";
  row.tls = "off";
  row.connections = 4;
  row.repeat = boot;
  std::vector<Function> sums;
  for (const Function& function : functions) {
    row.subsystem = function.subsystem;
    row.function = function.name;
    row.instructions_per_request = function.instructions;
    side.rows.push_back(row);
    const auto sum = std::find_if(sums.begin(), sums.end(), [&](const Function& other) {
      return other.subsystem == function.subsystem;
    });
    if (sum == sums.end()) {
      sums.push_back({function.subsystem, "", function.instructions});
    } else {
      sum->instructions += function.instructions;
    }
  }
  for (const Function& sum : sums) {
    row.subsystem = sum.subsystem;
    row.function.clear();
    row.instructions_per_request = sum.instructions;
    side.rows.push_back(row);
  }
}

ProfileSide make_side(const std::string& name, const std::vector<Function>& functions,
                      unsigned boots = 3) {
  ProfileSide side{name, {}};
  for (unsigned boot = 1; boot <= boots; ++boot) add_boot(side, boot, functions);
  return side;
}

const urb::CountChange& change_of(const std::vector<urb::CountChange>& changes,
                                  const std::string& name) {
  const auto found = std::find_if(changes.begin(), changes.end(),
                                  [&](const urb::CountChange& each) { return each.name == name; });
  REQUIRE_MESSAGE(found != changes.end(), name);
  return *found;
}

std::string text_of(const urb::ProfileComparison& comparison, urb::ProfileDetail detail,
                    std::size_t limit = 0) {
  std::string text;
  for (const urb::Block& block :
       make_profile_report(comparison, detail, limit, urb::TableStyle::aligned)) {
    text += block.text;
  }
  return text;
}

}  // namespace

TEST_CASE("profiles: sums, subsystems and functions, the largest change first") {
  const ProfileSide base =
      make_side("6.12", {{"copy", "memcpy", 1000}, {"TCP", "tcp_ack", 500}, {"ours", "run", 500}});
  const ProfileSide next =
      make_side("6.19", {{"copy", "memcpy", 1010}, {"TCP", "tcp_ack", 700}, {"ours", "run", 500}});
  const auto comparison = compare_profiles(base, next, 5);
  REQUIRE(comparison.cells.size() == 1);
  const urb::ProfileCellChange& cell = comparison.cells.front();
  CHECK(cell.cell == "direct 0B no reuse");
  CHECK(cell.sum.base_median == 2000);
  CHECK(cell.sum.next_median == 2210);
  CHECK(cell.share_of_base(cell.sum.difference()) == doctest::Approx(0.105));
  CHECK(cell.subsystems.front().name == "TCP");
  CHECK(cell.functions[0].name == "tcp_ack");
  CHECK(cell.functions[1].name == "memcpy");
  CHECK(cell.functions[2].name == "ours: run");
  CHECK(comparison.found_regression());
  CHECK_FALSE(compare_profiles(base, next, 11).found_regression());
  CHECK_FALSE(compare_profiles(next, base, 5).found_regression());  // less is no regression
}

TEST_CASE("profiles: a change within the ranges over the boots is noise") {
  const auto side = [](const std::string& name, std::vector<double> counts) {
    ProfileSide made{name, {}};
    for (unsigned boot = 1; boot <= counts.size(); ++boot) {
      add_boot(made, boot, {{"copy", "memcpy", counts[boot - 1]}});
    }
    return made;
  };
  const ProfileSide base = side("a", {1000, 1020, 1040});
  const auto is_found = [&](std::vector<double> counts) {
    return compare_profiles(base, side("b", std::move(counts)), 0).cells[0].sum.is_beyond_noise;
  };
  CHECK_FALSE(is_found({1060, 1060, 1060}));  // the median is just the range further
  CHECK(is_found({1061, 1061, 1061}));
  CHECK_FALSE(is_found({1061, 1061, 1091}));  // its own range counts as well
  // Of one boot, nothing is known of its range.
  CHECK(compare_profiles(side("a", {1000}), side("b", {1011}), 0).cells[0].sum.is_beyond_noise);
  CHECK_FALSE(
      compare_profiles(side("a", {1000}), side("b", {1009}), 0).cells[0].sum.is_beyond_noise);
}

TEST_CASE("profiles: a function that did not run in a boot, or on a side, executed nothing") {
  ProfileSide base = make_side("a", {{"copy", "memcpy", 1000}});
  add_boot(base, 4, {{"copy", "memcpy", 1000}, {"TCP", "tcp_ack", 8}});
  const auto comparison =
      compare_profiles(base, make_side("b", {{"copy", "memset", 100}, {"copy", "memcpy", 1}}), 0);
  const auto& functions = comparison.cells[0].functions;
  CHECK(change_of(functions, "tcp_ack").base == std::vector<double>{0, 0, 0, 8});
  CHECK(change_of(functions, "tcp_ack").next == std::vector<double>{0, 0, 0});
  CHECK(text_of(comparison, urb::ProfileDetail::function).find("–") != std::string::npos);
}

TEST_CASE("profiles: parts and renamed functions are no gain and no loss") {
  const auto comparison =
      compare_profiles(make_side("a", {{"copy", "clear_page_rep", 1000},
                                       {"TCP", "tcp_ack.part.0", 30},
                                       {"TCP", "tcp_ack", 70},
                                       {"ours", "clear_page_rep", 5}}),
                       make_side("b", {{"page allocator", "clear_highpages_kasan_tagged", 1000},
                                       {"TCP", "tcp_ack", 100},
                                       {"ours", "clear_page_rep", 5}}),
                       0);
  const auto& functions = comparison.cells[0].functions;
  CHECK(functions.size() == 3);
  const auto& cleared = change_of(functions, "clear_page_rep → clear_highpages_kasan_tagged");
  CHECK(cleared.difference() == 0);
  CHECK(cleared.subsystem == "copy → page allocator");
  CHECK(change_of(functions, "tcp_ack").difference() == 0);
  // A function of this program is never the kernel's.
  CHECK(change_of(functions, "ours: clear_page_rep").base_median == 5);
}

TEST_CASE("profiles: the table is cut, and what is cut is one line") {
  const auto comparison = compare_profiles(
      make_side("a", {{"copy", "f", 100}, {"copy", "g", 100}, {"copy", "h", 1234567}}),
      make_side("b", {{"copy", "f", 200}, {"copy", "g", 110}, {"copy", "h", 1234568}}), 0);
  const std::string text = text_of(comparison, urb::ProfileDetail::function, 1);
  CHECK(text.find("\n2 others  ") != std::string::npos);
  CHECK(text.find("\ng ") == std::string::npos);
  CHECK(text_of(comparison, urb::ProfileDetail::function).find("\ng ") != std::string::npos);
  CHECK(text_of(comparison, urb::ProfileDetail::function).find("1,234,567  1,234,568") !=
        std::string::npos);
  CHECK(text_of(comparison, urb::ProfileDetail::subsystem).find("\nf ") == std::string::npos);
  CHECK(text_of(comparison, urb::ProfileDetail::cell).find("\ncopy ") == std::string::npos);
}

TEST_CASE("profiles: another compiler, configuration, processor or program is never silent") {
  const ProfileSide base = make_side("a", {{"copy", "memcpy", 1000}});
  CHECK(compare_profiles(base, base, 0).notes ==
        std::vector<std::string>{});  // settle and the roles' counts differ by boot
  ProfileSide next = make_side("b", {{"copy", "memcpy", 1000}});
  for (ProfileRow& row : next.rows) {
    row.kernel_compiler = "gcc 16";
    row.kernel_config = "";
    row.guest = "qemu=7.2;cpu=max;settle=8;client=9;program=cafe";
  }
  CHECK(compare_profiles(base, next, 0).notes ==
        std::vector<std::string>{
            "compiler differs: gcc 14 → gcc 16", "configuration differs: abc → unknown",
            "CPU model differs: Nehalem-v1 → max", "program differs: unknown → cafe"});
}

TEST_CASE("profiles: what cannot be compared is refused with the remedy") {
  const ProfileSide base = make_side("a", {{"copy", "memcpy", 1000}});
  ProfileSide other{"b", {}};
  CHECK_THROWS_WITH_AS(static_cast<void>(compare_profiles(base, other, 0)),
                       "b: no profile (nothing to compare)", urb::UsageError);
  add_boot(other, 1, {{"copy", "memcpy", 1}}, "cluster");
  CHECK_THROWS_WITH_AS(static_cast<void>(compare_profiles(base, other, 0)),
                       "a and b have no cell in common: direct 0B no reuse and cluster 0B no reuse "
                       "(profile the same workload)",
                       urb::UsageError);
  ProfileSide older = base;
  for (ProfileRow& row : older.rows) row.method = 1;
  CHECK_THROWS_WITH_AS(static_cast<void>(compare_profiles(base, older, 0)),
                       doctest::Contains("measured by method"), urb::UsageError);
  ProfileSide cut = base;
  std::erase_if(cut.rows, [](const ProfileRow& row) { return row.function.empty(); });
  CHECK_THROWS_WITH_AS(static_cast<void>(compare_profiles(base, cut, 0)),
                       doctest::Contains("no sums"), urb::UsageError);
}

TEST_CASE("profiles: a row that is there twice counts once, and is said") {
  const ProfileSide base = make_side("a", {{"copy", "memcpy", 1000}});
  ProfileSide twice = base;
  twice.rows.insert(twice.rows.end(), base.rows.begin(), base.rows.end());
  const auto comparison = compare_profiles(base, twice, 0);
  CHECK(comparison.cells[0].sum.difference() == 0);
  CHECK(comparison.notes == std::vector<std::string>{"a: 6 rows are there twice, and count once"});
}

TEST_CASE("profiles: cells are named by what they differ in") {
  ProfileSide base = make_side("a", {{"copy", "memcpy", 1000}});
  ProfileSide plain = base;
  for (ProfileRow& row : plain.rows) row.buffers = "plain";
  base.rows.insert(base.rows.end(), plain.rows.begin(), plain.rows.end());
  const auto comparison = compare_profiles(base, plain, 0);
  CHECK(comparison.cells[0].cell == "direct 0B no reuse buffers=plain");
  CHECK(comparison.base_only == std::vector<std::string>{"direct 0B no reuse buffers=registered"});
}

TEST_CASE("profiles: the growth of a cell has the names of those that grew") {
  const auto comparison = compare_profiles(
      make_side("a", {{"copy", "f", 100}, {"copy", "g", 100}, {"TCP", "h", 100}}),
      make_side("b", {{"copy", "f", 190}, {"copy", "g", 50}, {"TCP", "h", 105}}), 1);
  const auto growth = find_growth(comparison.cells[0], 5);
  REQUIRE(growth.size() == 1);  // 90 of 45; h is not needed to explain it
  CHECK(growth[0]->name == "f");
}
