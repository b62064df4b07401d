// Latencies: HdrHistogram_c in our units. Every value is recorded, and none is sampled. Quantiles
// are right to three significant digits. The maximum and the mean are exact.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/units.hpp"

struct hdr_histogram;

namespace urb {

/// A distribution of durations with one writer. Histograms of several writers are merged later.
class Histogram {
 public:
  /// What fits. Outside of it a value is recorded as the nearest limit and counted as clipped.
  static constexpr Nanos kLowest{1};
  static constexpr Nanos kHighest = std::chrono::seconds{60};

  Histogram();
  Histogram(const Histogram& other);
  Histogram& operator=(const Histogram& other);
  // A moved-from histogram may only be assigned to or destroyed.
  Histogram(Histogram&& other) noexcept = default;
  Histogram& operator=(Histogram&& other) noexcept = default;
  ~Histogram() = default;

  void record(Nanos value) noexcept;
  void merge(const Histogram& other) noexcept;
  void reset() noexcept;

  /// The value, to three digits, whose rank among all recorded is nearest to the share `q`
  /// (0 to 1). At 1 it is the exact maximum. Zero when nothing was recorded.
  [[nodiscard]] Nanos quantile(double q) const noexcept;
  /// Exact, and of what was seen. A clipped value counts here as it was.
  [[nodiscard]] Nanos max() const noexcept { return max_; }
  /// Exact likewise, and zero when nothing was recorded.
  [[nodiscard]] Nanos mean() const noexcept;
  [[nodiscard]] std::uint64_t count() const noexcept;
  /// HdrHistogram's own encoding (V2, deflated, base64), which its tools in other languages read.
  /// It has counts by bucket, and values in nanoseconds. Empty when the library was built without
  /// zlib.
  [[nodiscard]] std::string encoded() const;
  /// What the encoding does not hold.
  struct Exact {
    Nanos max{0};
    std::uint64_t sum_ns = 0;
    std::uint64_t clipped_count = 0;
  };
  [[nodiscard]] Exact exact() const noexcept { return {max_, sum_ns_, clipped_count_}; }
  /// The histogram whose encoded() and exact() these are. Empty where `text` is no such encoding,
  /// or has values that do not fit.
  [[nodiscard]] static std::optional<Histogram> decoded(std::string text, const Exact& exact);
  [[nodiscard]] std::uint64_t clipped_count() const noexcept { return clipped_count_; }

 private:
  struct Close {
    void operator()(hdr_histogram* raw) const noexcept;
  };
  std::unique_ptr<hdr_histogram, Close> raw_;
  Nanos max_{0};
  // 584 years of summed latency fit.
  std::uint64_t sum_ns_ = 0;
  std::uint64_t clipped_count_ = 0;
};

}  // namespace urb
