#include "load/body_mix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include "base/assert.hpp"

namespace urb {
namespace {

std::variant<BodyShare, ParseError> parse_share_of(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto body = parse_bytes(text.substr(0, colon));
  if (const auto* const error = std::get_if<ParseError>(&body)) return *error;
  BodyShare share{std::get<Bytes>(body)};
  if (colon == text.size()) return share;
  const std::string_view number = text.substr(colon + 1);
  const auto [rest, error] =
      std::from_chars(number.data(), number.data() + number.size(), share.weight);
  const bool is_number = error == std::errc{} && rest == number.data() + number.size();
  if (!is_number || share.weight == 0 || share.weight > kMixWeightMax) {
    return ParseError{colon + 1,
                      fmt::format("a share is from 1 to {}: 1K:99+10M:1", kMixWeightMax)};
  }
  return share;
}

std::uint64_t weight_of(const BodyMix& mix) noexcept {
  std::uint64_t sum = 0;
  for (const BodyShare& share : mix) sum += share.weight;
  return sum;
}

}  // namespace

std::variant<BodyMix, ParseError> parse_body_mix(std::string_view text) {
  BodyMix mix;
  for (std::size_t place = 0; place <= text.size();) {
    const std::size_t plus = std::min(text.find('+', place), text.size());
    auto share = parse_share_of(text.substr(place, plus - place));
    if (auto* const error = std::get_if<ParseError>(&share)) {
      error->position += place;
      return *error;
    }
    mix.push_back(std::get<BodyShare>(share));
    const auto is_same = [&mix](const BodyShare& one) { return one.body == mix.back().body; };
    if (std::any_of(mix.begin(), mix.end() - 1, is_same)) {
      return ParseError{place, "a size stands twice in a mix"};
    }
    place = plus + 1;
  }
  if (mix.size() < 2) return ParseError{0, "a mix has two sizes at least: 1K:99+10M:1"};
  std::uint64_t common = 0;
  for (const BodyShare& share : mix) common = std::gcd(common, share.weight);
  for (BodyShare& share : mix) share.weight /= common;
  if (weight_of(mix) > kMixWeightMax) {
    return ParseError{0, fmt::format("the shares of a mix are {} at most together", kMixWeightMax)};
  }
  return mix;
}

std::string format_body_mix(const BodyMix& mix) {
  std::string text;
  for (const BodyShare& share : mix) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : "+", format_bytes(share.body), share.weight);
  }
  return text;
}

Bytes mean_body(const BodyMix& mix) noexcept {
  URB_ASSERT(!mix.empty());
  std::uint64_t bytes = 0;
  for (const BodyShare& share : mix) bytes += share.body.value * share.weight;
  return {bytes / weight_of(mix)};
}

MixOrder::MixOrder(const BodyMix& mix, std::uint64_t seed) : random_{seed} {
  for (std::size_t index = 0; index < mix.size(); ++index) {
    block_.insert(block_.end(), mix[index].weight, static_cast<std::uint16_t>(index));
  }
}

std::size_t MixOrder::next() noexcept {
  if (place_ == 0) {
    // Not std::shuffle, whose order differs between standard libraries. Of 10,000 places some are
    // likelier than others by less than 10^-15.
    for (std::size_t left = block_.size(); left > 1; --left) {
      std::swap(block_[left - 1], block_[random_() % left]);
    }
  }
  const std::size_t chosen = block_[place_];
  place_ = (place_ + 1) % block_.size();
  return chosen;
}

}  // namespace urb
