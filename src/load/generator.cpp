#include "load/generator.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "base/error.hpp"

#include "load/client.hpp"
#include "load/request_set.hpp"
#include "uring/event_loop.hpp"

namespace urb {
namespace {

// Descriptors that a process has besides its connections: ring, standard streams, pipes, results.
constexpr rlim_t kOtherDescriptors = 64;

void ensure_descriptors(unsigned connections) {
  const rlim_t needed = connections + kOtherDescriptors;
  rlimit limit{};
  check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  if (limit.rlim_cur >= needed) return;
  if (limit.rlim_max < needed) {
    throw Unsupported("more connections than RLIMIT_NOFILE allows; raise ulimit -n");
  }
  limit.rlim_cur = needed;
  check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

RingOptions ring_options(unsigned connections) noexcept {
  RingOptions options;
  // Up to four completions of each connection at once, and as many again to spare.
  options.cq_entries = std::max(options.cq_entries, connections * 8);
  return options;
}

template <class C>
void run_client(Ring& ring, C& client) {
  client.start();
  run_event_loop(ring, client);
  URB_ASSERT(ring.in_flight() == 0 && client.late_completion_count() == 0);
}

}  // namespace

LoadResult run_load(const LoadOptions& options, const LoadHooks& hooks,
                    const std::atomic<bool>& stop) {
  if (options.connections == 0) throw UsageError("a load needs at least one connection");
  if (options.rate && (*options.rate == 0 || *options.rate > 1'000'000'000)) {
    throw UsageError("a rate is from 1 to 10^9 requests a second");
  }
  ensure_descriptors(options.connections);
  LoadResult result;
  RequestSet requests{options};
  Plan plan{{options.warmup, options.duration, options.requests, options.rate, options.arrivals,
             options.seed}};
  Ring ring{ring_options(options.connections)};
  if (options.tls) {
    TlsClient client{ring, options, requests, plan, result, hooks, stop};
    run_client(ring, client);
  } else {
    Client client{ring, options, requests, plan, result, hooks, stop};
    run_client(ring, client);
  }
  result.used = ring.counters().used;
  return result;
}

}  // namespace urb
