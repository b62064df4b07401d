#include "probe/topology.hpp"

#include <fmt/format.h>

#include <fstream>
#include <optional>

namespace urb {
namespace {

namespace fs = std::filesystem;

// The first CPU of a list such as "0-1,8". The kernel writes them in ascending order.
std::optional<unsigned> read_first_cpu(const fs::path& path) {
  std::ifstream file{path};
  unsigned cpu = 0;
  return file >> cpu ? std::optional{cpu} : std::nullopt;
}

// The index of the last level differs. index3 is L3 where there is one, and some CPUs end with
// index2.
unsigned find_cache(const fs::path& cpu_folder) {
  unsigned cache = 0;
  for (unsigned index = 0;; ++index) {
    const auto first =
        read_first_cpu(cpu_folder / fmt::format("cache/index{}/shared_cpu_list", index));
    if (!first) return cache;
    cache = *first;
  }
}

}  // namespace

std::vector<CpuPlace> probe_topology(const std::vector<unsigned>& cpus, const fs::path& root) {
  std::vector<CpuPlace> places;
  for (const unsigned cpu : cpus) {
    const fs::path folder = root / fmt::format("cpu{}", cpu);
    const auto core = read_first_cpu(folder / "topology/thread_siblings_list");
    places.push_back({cpu, core.value_or(cpu), find_cache(folder)});
  }
  return places;
}

}  // namespace urb
