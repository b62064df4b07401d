// CPUs, cores and caches: made-up machines as folders, and this one.
#include "probe/topology.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "experiment/pinning.hpp"
#include "support/temp_folder.hpp"

namespace urb {
namespace {

namespace fs = std::filesystem;

// A folder like /sys/devices/system/cpu, gone at the end.
class CpuFolder : public test::TempFolder {
 public:
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((path() / name).parent_path());
    std::ofstream{path() / name} << text << "\n";
  }
};

TEST_SUITE_BEGIN("unit");

TEST_CASE("topology: a core is known by its siblings, a cache by the last index") {
  const CpuFolder folder;
  folder.write("cpu1/topology/thread_siblings_list", "1,5");
  folder.write("cpu1/cache/index0/shared_cpu_list", "1,5");
  folder.write("cpu1/cache/index1/shared_cpu_list", "1,5");
  folder.write("cpu1/cache/index2/shared_cpu_list", "1,5");
  folder.write("cpu1/cache/index3/shared_cpu_list", "0-7");
  folder.write("cpu5/topology/thread_siblings_list", "1,5");
  folder.write("cpu5/cache/index0/shared_cpu_list", "4-5");
  CHECK(probe_topology({1, 5}, folder.path()) == std::vector<CpuPlace>{{1, 1, 0}, {5, 1, 4}});
}

TEST_CASE("topology: what is not described is a core of its own behind the common cache") {
  const CpuFolder folder;
  folder.write("cpu2/topology/thread_siblings_list", "");
  CHECK(probe_topology({2, 3}, folder.path()) == std::vector<CpuPlace>{{2, 2, 0}, {3, 3, 0}});
}

TEST_CASE("topology: every CPU of this machine has a place") {
  const std::vector<unsigned> cpus = allowed_cpus();
  const std::vector<CpuPlace> places = probe_topology(cpus);
  REQUIRE(places.size() == cpus.size());
  for (std::size_t index = 0; index < cpus.size(); ++index) {
    CHECK(places[index].cpu == cpus[index]);
    CHECK(places[index].core <= cpus[index]);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb
