// Request bodies of several sizes in one load. Pure.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/units.hpp"

namespace urb {

/// Of all requests, `weight` by the sum of the weights have bodies of this size.
struct BodyShare {
  Bytes body;
  std::uint64_t weight = 1;
  bool operator==(const BodyShare&) const = default;
};
/// Several sizes, each once. Empty: all bodies are alike.
using BodyMix = std::vector<BodyShare>;

/// The sum of the weights at most, so that a block of requests stays small.
inline constexpr std::uint64_t kMixWeightMax = 10'000;

/// "1K:99+10M:1"; a weight of 1 may be left out. The weights are divided by what they have in
/// common.
[[nodiscard]] std::variant<BodyMix, ParseError> parse_body_mix(std::string_view text);
/// The inverse.
[[nodiscard]] std::string format_body_mix(const BodyMix& mix);
/// Rounded down. The mix is not empty.
[[nodiscard]] Bytes mean_body(const BodyMix& mix) noexcept;

/// Whose turn it is: an index into the mix for each request. Of as many requests as the sum of the
/// weights, each size has exactly its share, in a random order. So windows of the same length have
/// the same work. The same seed gives the same order everywhere.
class MixOrder {
 public:
  MixOrder(const BodyMix& mix, std::uint64_t seed);
  [[nodiscard]] std::size_t next() noexcept;

 private:
  std::vector<std::uint16_t> block_;
  std::size_t place_ = 0;
  std::mt19937_64 random_;
};

}  // namespace urb
