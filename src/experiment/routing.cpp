// Keys by trial and error.
#include "experiment/routing.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/fnv.hpp"
#include "mode/placement.hpp"

namespace urb {
namespace {

// More than one, since anywhere else several keys share a worker; few, since each has a request of
// its own in memory.
constexpr std::size_t kKeysPerWorker = 2;

}  // namespace

std::vector<Route> make_routes(unsigned workers) {
  Placement placement{Policy::key, workers, 1};
  std::vector<std::size_t> found(workers);
  std::vector<Route> routes;
  for (unsigned number = 0; routes.size() < workers * kKeysPerWorker; ++number) {
    std::string key = fmt::format("key-{}", number);
    const unsigned worker = placement.pick(http::fnv1a(http::kFnvOffset, key));
    if (found[worker] == kKeysPerWorker) continue;
    ++found[worker];
    routes.push_back({std::move(key), worker});
  }
  return routes;
}

}  // namespace urb
