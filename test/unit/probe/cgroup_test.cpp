// CPU quotas: where the groups of a process are, and what their files say, in both versions.
#include "probe/cgroup.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

using Paths = std::vector<std::filesystem::path>;

constexpr const char* kVersion1 =
    "30 24 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755\n"
    "31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "32 30 0:28 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n";
constexpr const char* kVersion2 = "28 24 0:25 / /sys/fs/cgroup rw,nosuid - cgroup2 none rw\n";

}  // namespace

TEST_CASE("cgroup: all groups from a process' own up to the mount can bound its CPU time") {
  CHECK(parse_cpu_groups("3:cpuset:/x\n2:cpu,cpuacct:/docker/one\n", kVersion1) ==
        Paths{"/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/docker",
              "/sys/fs/cgroup/cpu,cpuacct/docker/one"});
  CHECK(parse_cpu_groups("0::/user.slice/a: b\n", kVersion2) ==
        Paths{"/sys/fs/cgroup", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup/user.slice/a: b"});
  CHECK(parse_cpu_groups("0::/\n", kVersion2) == Paths{"/sys/fs/cgroup"});
  CHECK(parse_cpu_groups("", kVersion2).empty());
  CHECK(parse_cpu_groups("0::/\n", "").empty());
}

TEST_CASE("cgroup: in a container a part of the hierarchy is mounted") {
  constexpr const char* kMounts =
      "31 30 0:27 /docker/one /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n";
  CHECK(parse_cpu_groups("2:cpu:/docker/one/deeper\n", kMounts) ==
        Paths{"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu/deeper"});
  CHECK(parse_cpu_groups("2:cpu:/docker/two\n", kMounts).empty());
}

TEST_CASE("cgroup: cpu.stat counts periods where there is a quota") {
  const auto periods = parse_cpu_periods("usage_usec 5\nnr_periods 12\nnr_throttled 3\n");
  REQUIRE(periods.has_value());
  CHECK(*periods == CpuPeriods{12, 3});
  CHECK_FALSE(parse_cpu_periods("usage_usec 5\nuser_usec 3\n").has_value());
  CHECK_FALSE(parse_cpu_periods("").has_value());
}

TEST_CASE("cgroup: a quota is a number of CPUs, in both versions") {
  CHECK(*parse_cpu_max("50000 100000\n") == doctest::Approx(0.5));
  CHECK_FALSE(parse_cpu_max("max 100000\n").has_value());
  CHECK_FALSE(parse_cpu_max("-1\n 100000\n").has_value());
  CHECK_FALSE(parse_cpu_max("").has_value());
}

TEST_CASE("cgroup: what was short is the largest share, of groups seen at both ends") {
  CHECK(throttled_share({{"/a", {10, 5}}}, {{"/a", {20, 5}}, {"/b", {9, 9}}}) == 0);
  CHECK(throttled_share({{"/a", {10, 5}}, {"/b", {0, 0}}}, {{"/a", {20, 10}}, {"/b", {10, 1}}}) ==
        doctest::Approx(0.5));
  // A period may be counted when it ends, its throttling at once.
  CHECK(throttled_share({{"/a", {10, 5}}}, {{"/a", {10, 6}}}) == 1);
}

TEST_CASE("cgroup: this process' own groups can be read") {
  const pid_t self = getpid();
  const CpuPeriodsByGroup periods = sample_cpu_periods({&self, 1});
  CHECK(throttled_share(periods, periods) == 0);
  CHECK(find_cpu_quota(self).value_or(1) > 0);
}

}  // namespace urb
