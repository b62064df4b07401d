// Puts ring, request, plan and client together for one run.
#include "load/generator.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "base/error.hpp"
#include "http/request_bytes.hpp"
#include "load/client.hpp"
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

std::string make_head(const LoadOptions& options) {
  http::RequestOptions request;
  const bool has_body = options.body.value != 0;
  request.method = !options.method.empty() ? std::string_view{options.method}
                   : has_body              ? "POST"
                                           : "GET";
  request.path = options.path;
  request.host = options.host;
  request.headers = options.headers;
  const bool expects_body = request.method != "GET" && request.method != "HEAD";
  if (has_body || expects_body) request.body = options.body;
  request.keep_alive = options.reuse;
  return http::make_request_head(request);
}

RingOptions ring_options(unsigned connections) noexcept {
  RingOptions options;
  // Up to four completions of each connection at once, and as many again to spare.
  options.cq_entries = std::max(options.cq_entries, connections * 8);
  return options;
}

}  // namespace

LoadResult run_load(const LoadOptions& options, const LoadHooks& hooks,
                    const std::atomic<bool>& stop) {
  if (options.connections == 0) throw UsageError("a load needs at least one connection");
  ensure_descriptors(options.connections);
  LoadResult result;
  const RequestImage image{make_head(options), options.body};
  Plan plan{{options.warmup, options.duration, options.requests}};
  Ring ring{ring_options(options.connections)};
  Client client{ring, options, image, plan, result, hooks, stop};
  client.start();
  run_event_loop(ring, client);
  URB_ASSERT(ring.in_flight() == 0 && client.late_completion_count() == 0);
  return result;
}

}  // namespace urb
