#include "experiment/rate_search.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace urb {

std::variant<LatencyBound, ParseError> parse_bound(std::string_view text) {
  const std::size_t sign = text.find('<');
  if (sign == std::string_view::npos)
    return ParseError{text.size(), "no '<': a bound is as p99<5ms"};
  const std::string_view figure = text.substr(0, sign);
  LatencyBound bound{.text = std::string{text}};
  if (figure != "max") {
    double percent = 0;
    const std::string_view number = figure.substr(std::min<std::size_t>(1, figure.size()));
    const char* const end = number.data() + number.size();
    const auto parsed = std::from_chars(number.data(), end, percent);
    const bool is_percentile = figure.starts_with('p') && parsed.ec == std::errc{} &&
                               parsed.ptr == end && percent > 0 && percent < 100;
    if (!is_percentile)
      return ParseError{0, "what is bound is p50, p99, another percentile, or max"};
    bound.quantile = percent / 100;
  }
  const auto time = parse_duration(text.substr(sign + 1));
  if (const auto* const error = std::get_if<ParseError>(&time))
    return ParseError{sign + 1 + error->position, error->message};
  bound.below = std::get<Nanos>(time);
  if (bound.below <= Nanos{0} || bound.below > Histogram::kHighest)
    return ParseError{sign + 1, "a bound is above zero, and 60s at most"};
  return bound;
}

void RateSearch::tell(bool has_kept) noexcept {
  (has_kept ? kept_count_ : broken_count_) += 1;
  const unsigned most = trials_ / 2 + 1;
  if (kept_count_ < most && broken_count_ < most) return;
  (kept_count_ >= most ? kept_ : broken_) = rate_;
  kept_count_ = 0;
  broken_count_ = 0;
  choose_next();
}

void RateSearch::choose_next() noexcept {
  if (!broken_) {
    is_over_ = *kept_ >= kMost;
    rate_ = std::min(*kept_ * 2, kMost);
    return;
  }
  if (!kept_) {
    is_over_ = *broken_ <= 1;
    rate_ = *broken_ / 2;
    return;
  }
  const auto low = static_cast<double>(*kept_);
  const auto high = static_cast<double>(*broken_);
  is_over_ = high <= low * (1 + kTolerance) || *broken_ - *kept_ <= 1;
  // In the middle by ratio, and neither of the two.
  const auto middle = static_cast<std::uint64_t>(std::llround(std::sqrt(low * high)));
  if (!is_over_) rate_ = std::clamp(middle, *kept_ + 1, *broken_ - 1);
}

}  // namespace urb
