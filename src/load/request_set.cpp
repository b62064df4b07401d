#include "load/request_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/assert.hpp"
#include "http/body_digest.hpp"
#include "http/request_bytes.hpp"

namespace urb {
namespace {

// The regions of all requests together stay in the core's cache, see RequestImage. A smaller one
// would cost (measured there down to 16 KiB).
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

// Of a body that is digested whole, or of one that is not.
std::uint64_t find_seed(std::random_device& random, bool is_whole) {
  while (true) {
    const std::uint64_t seed = (std::uint64_t{random()} << 32) | random();
    if (http::BodyDigest::is_whole(RequestImage::first_word(seed)) == is_whole) return seed;
  }
}

}  // namespace

RequestSet::RequestSet(const LoadOptions& options) {
  keys_ = std::max<std::size_t>(options.routes.size(), 1);
  const BodyMix shares = options.mix.empty() ? BodyMix{{options.body}} : options.mix;
  Bytes smallest = shares.front().body;
  for (const BodyShare& share : shares) {
    largest_body_ = std::max(largest_body_, share.body);
    smallest = std::min(smallest, share.body);
  }
  sizes_ = shares.size();
  if (!options.mix.empty()) mix_order_.emplace(options.mix, options.seed);
  if (largest_body_.value != 0) {
    bodies_ = std::max<std::size_t>(kBodies / (keys_ * sizes_), 2);
  }
  const auto route_at = [&](std::size_t index) {
    return options.routes.empty() ? nullptr : &options.routes[index % keys_];
  };
  const auto make = [&](Bytes body, bool verifies, const Route* route, std::size_t region_bytes,
                        std::uint64_t seed) {
    // The aggregate has a member that cannot move, so it is made in place.
    std::unique_ptr<LoadRequest> made{new LoadRequest{
        RequestImage{make_head(options, body, verifies, route), body, region_bytes, seed},
        {},
        {},
        route == nullptr ? std::optional<unsigned>{} : route->worker,
        options.expected_text}};
    // A server that sees no request before it chooses can go by this.
    made->tls_name = route == nullptr ? options.tls_name : route->key;
    if (verifies) made->crc32c = made->image.body_crc32c();
    if (body.value != 0) made->body_digest = made->image.body_digest();
    return made;
  };

  // Not from a seed, so that nobody knows the right answers beforehand.
  std::random_device random;
  const std::size_t count = keys_ * sizes_ * bodies_;
  const std::size_t region_bytes = std::max(kRegionBytesMin, RequestImage::kRegionBytes / count);
  for (std::size_t index = 0; index < count; ++index) {
    const std::size_t size = index / bodies_ % sizes_;
    const Bytes body = shares[size].body;
    const bool is_whole = index % bodies_ == 0 && body.value <= kWholeBytesMax;
    requests_.push_back(make(body, options.verify == Verify::all,
                             route_at(index / (sizes_ * bodies_)), region_bytes,
                             find_seed(random, is_whole)));
    LoadRequest& made = *requests_.back();
    made.is_small = mix_order_ && body == smallest;
    if (!options.mix_texts.empty()) made.expected_text = options.mix_texts.at(size);
  }

  if (options.verify == Verify::none) return;
  const Bytes body{std::min(options.body.value, kVerificationBytesMax)};
  for (std::size_t index = 0; index < std::min(options.connections, kVerificationBodies); ++index) {
    verifications_.push_back(
        make(body, true, route_at(index), std::max<std::size_t>(body.value, 1), random()));
  }
}

const LoadRequest& RequestSet::verification(std::uint32_t connection_index) const noexcept {
  URB_ASSERT(!verifications_.empty());
  return *verifications_[connection_index % verifications_.size()];
}

std::size_t RequestSet::next_body() noexcept {
  if (bodies_ == 1) return 0;
  if (turn_ == 0) whole_turn_ = random_() % http::BodyDigest::kWholeShare;
  const bool is_whole = turn_ == whole_turn_;
  turn_ = (turn_ + 1) % http::BodyDigest::kWholeShare;
  return is_whole ? 0 : 1 + random_() % (bodies_ - 1);
}

const LoadRequest& RequestSet::next() noexcept {
  const std::size_t key = keys_ == 1 ? 0 : random_() % keys_;
  const std::size_t size = mix_order_ ? mix_order_->next() : 0;
  return *requests_[(key * sizes_ + size) * bodies_ + next_body()];
}

}  // namespace urb
