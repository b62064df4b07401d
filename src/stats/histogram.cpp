#include "stats/histogram.hpp"

#include <hdr/hdr_histogram.h>
#include <hdr/hdr_histogram_log.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

#include "base/assert.hpp"

namespace urb {
namespace {

// Three digits cost 220 KiB over this range. Four would cost eight times that, for a precision
// that no benchmark on a shared machine has.
constexpr int kSignificantDigits = 3;

hdr_histogram* make_raw() {
  hdr_histogram* raw = nullptr;
  const int result =
      hdr_init(Histogram::kLowest.count(), Histogram::kHighest.count(), kSignificantDigits, &raw);
  if (result != 0) throw std::bad_alloc{};
  return raw;
}

}  // namespace

void Histogram::Close::operator()(hdr_histogram* raw) const noexcept { hdr_close(raw); }

Histogram::Histogram() : raw_{make_raw()} {}

Histogram::Histogram(const Histogram& other) : Histogram() { merge(other); }

Histogram& Histogram::operator=(const Histogram& other) {
  if (this != &other) *this = Histogram{other};
  return *this;
}

void Histogram::record(Nanos value) noexcept {
  const Nanos fitting = std::clamp(value, kLowest, kHighest);
  if (fitting != value) ++clipped_count_;
  const bool recorded = hdr_record_value(raw_.get(), fitting.count());
  URB_DEBUG_ASSERT(recorded);
  static_cast<void>(recorded);  // cannot fail within the limits it was made with
  max_ = std::max(max_, value);
  sum_ns_ += static_cast<std::uint64_t>(std::max(value, Nanos{0}).count());
}

void Histogram::merge(const Histogram& other) noexcept {
  const std::int64_t dropped = hdr_add(raw_.get(), other.raw_.get());
  URB_ASSERT(dropped == 0);  // both have the same limits
  max_ = std::max(max_, other.max_);
  sum_ns_ += other.sum_ns_;
  clipped_count_ += other.clipped_count_;
}

void Histogram::reset() noexcept {
  hdr_reset(raw_.get());
  max_ = Nanos{0};
  sum_ns_ = 0;
  clipped_count_ = 0;
}

Nanos Histogram::quantile(double q) const noexcept {
  if (count() == 0) return Nanos{0};
  if (q >= 1.0) return max_;
  // The library answers with the upper end of a bucket, which can lie above what was ever seen.
  const Nanos upper{hdr_value_at_percentile(raw_.get(), std::max(q, 0.0) * 100.0)};
  return std::min(upper, max_);
}

Nanos Histogram::mean() const noexcept {
  const std::uint64_t recorded = count();
  if (recorded == 0) return Nanos{0};
  return Nanos{static_cast<std::int64_t>((sum_ns_ + recorded / 2) / recorded)};
}

std::string Histogram::encoded() const {
  char* text = nullptr;
  if (hdr_log_encode(raw_.get(), &text) != 0 || text == nullptr) return {};
  std::string encoded{text};
  std::free(text);  // the library's malloc
  return encoded;
}

std::optional<Histogram> Histogram::decoded(std::string text, const Exact& exact) {
  hdr_histogram* raw = nullptr;
  if (hdr_log_decode(&raw, text.data(), text.size()) != 0 || raw == nullptr) return std::nullopt;
  const std::unique_ptr<hdr_histogram, Close> given{raw};
  Histogram histogram;
  if (hdr_add(histogram.raw_.get(), given.get()) != 0) return std::nullopt;
  histogram.max_ = exact.max;
  histogram.sum_ns_ = exact.sum_ns;
  histogram.clipped_count_ = exact.clipped_count;
  return histogram;
}

std::uint64_t Histogram::count() const noexcept {
  return static_cast<std::uint64_t>(raw_->total_count);
}

}  // namespace urb
