#include "load/request_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/assert.hpp"
#include "http/request_bytes.hpp"

namespace urb {
namespace {

// All keys' regions together stay in the core's cache, see RequestImage. A smaller one would cost
// (measured there down to 16 KiB).
constexpr std::size_t kRegionBytesMin = 16 * 1024;

std::string make_head(const LoadOptions& options, Bytes body, bool verifies, const Route* route) {
  http::RequestOptions request;
  const bool has_body = body.value != 0;
  request.method = !options.method.empty() ? std::string_view{options.method}
                   : has_body              ? "POST"
                                           : "GET";
  request.path = options.path;
  request.host = options.host;
  std::vector<std::string> headers = options.headers;
  if (verifies) headers.emplace_back("X-Verify: crc32c");
  if (route != nullptr) headers.push_back("X-Route: " + route->key);
  request.headers = headers;
  const bool expects_body = request.method != "GET" && request.method != "HEAD";
  if (has_body || expects_body) request.body = body;
  request.keep_alive = options.reuse;
  return http::make_request_head(request);
}

}  // namespace

RequestSet::RequestSet(const LoadOptions& options) {
  const std::size_t count = std::max<std::size_t>(options.routes.size(), 1);
  const auto route_at = [&](std::size_t index) {
    return options.routes.empty() ? nullptr : &options.routes[index % count];
  };
  const auto worker_of = [](const Route* route) {
    return route == nullptr ? std::optional<unsigned>{} : route->worker;
  };

  const bool verifies_all = options.verify == Verify::all;
  const std::size_t region_bytes = std::max(kRegionBytesMin, RequestImage::kRegionBytes / count);
  std::optional<std::uint32_t> crc32c;
  for (std::size_t index = 0; index < count; ++index) {
    const Route* const route = route_at(index);
    // The aggregate has a member that cannot move, so it is made in place.
    requests_.emplace_back(
        new LoadRequest{RequestImage{make_head(options, options.body, verifies_all, route),
                                     options.body, region_bytes},
                        {},
                        worker_of(route)});
    // The same for all, since only their heads differ.
    if (verifies_all && !crc32c) crc32c = requests_.front()->image.body_crc32c();
    requests_.back()->crc32c = crc32c;
  }

  if (options.verify == Verify::none) return;
  const Bytes body{std::min(options.body.value, kVerificationBytesMax)};
  // Not from a seed, so that nobody knows the right answers beforehand.
  std::random_device random;
  for (std::size_t index = 0; index < std::min(options.connections, kVerificationBodies); ++index) {
    const Route* const route = route_at(index);
    verifications_.emplace_back(
        new LoadRequest{RequestImage{make_head(options, body, true, route), body,
                                     std::max<std::size_t>(body.value, 1), random()},
                        {},
                        worker_of(route)});
    verifications_.back()->crc32c = verifications_.back()->image.body_crc32c();
  }
}

const LoadRequest& RequestSet::verification(std::uint32_t connection_index) const noexcept {
  URB_ASSERT(!verifications_.empty());
  return *verifications_[connection_index % verifications_.size()];
}

const LoadRequest& RequestSet::next() noexcept {
  if (requests_.size() == 1) return *requests_.front();
  return *requests_[random_() % requests_.size()];
}

}  // namespace urb
