// Ranks of distances, a count of all signs by dynamic programming, and means of every two.
#include "stats/signed_rank.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "base/assert.hpp"

namespace urb {
namespace {

constexpr double kPairsMissMax = 0.05;  // of an interval
constexpr double kPairsNormal975 = 1.959963984540054;

// The ranks of what has a sign. Doubled, so that mean ranks are whole.
struct SignedRanks {
  std::vector<std::uint32_t> doubled;
  std::uint64_t doubled_positive_sum = 0;
};

SignedRanks rank(std::span<const double> differences) {
  std::vector<double> sorted(differences.begin(), differences.end());
  std::sort(sorted.begin(), sorted.end(),
            [](double left, double right) { return std::abs(left) < std::abs(right); });
  SignedRanks ranks;
  for (std::size_t first = 0; first < sorted.size();) {
    std::size_t end = first + 1;
    while (end < sorted.size() && std::abs(sorted[end]) == std::abs(sorted[first])) ++end;
    // Ranks count from 1: first + 1 … end have the mean (first + 1 + end) / 2.
    const auto doubled = static_cast<std::uint32_t>(first + 1 + end);
    for (std::size_t index = first; index < end; ++index) {
      if (sorted[index] == 0) continue;
      ranks.doubled.push_back(doubled);
      if (sorted[index] > 0) ranks.doubled_positive_sum += doubled;
    }
    first = end;
  }
  return ranks;
}

// The probability of each sum of the ranks whose sign is positive: every sign is equally likely.
std::vector<double> sum_distribution(const std::vector<std::uint32_t>& ranks) {
  const std::size_t sum_max = std::accumulate(ranks.begin(), ranks.end(), std::size_t{0});
  std::vector<double> shares(sum_max + 1, 0.0);
  shares[0] = 1;
  for (const std::uint32_t value : ranks) {
    for (std::size_t sum = sum_max + 1; sum-- > 0;) {
      shares[sum] = (shares[sum] + (sum >= value ? shares[sum - value] : 0)) / 2;
    }
  }
  return shares;
}

double exact_p(const SignedRanks& ranks) {
  const std::vector<double> shares = sum_distribution(ranks.doubled);
  const std::uint64_t sum_max = shares.size() - 1;
  const std::uint64_t least =
      std::min(ranks.doubled_positive_sum, sum_max - ranks.doubled_positive_sum);
  double tail = 0;
  for (std::uint64_t sum = 0; sum <= least; ++sum) tail += shares[sum];
  return std::min(1.0, 2 * tail);
}

double normal_p(const SignedRanks& ranks) {
  double sum = 0;
  double squares = 0;
  for (const std::uint32_t doubled : ranks.doubled) {
    const double each = doubled / 2.0;
    sum += each;
    squares += each * each;
  }
  const double distance = std::abs(static_cast<double>(ranks.doubled_positive_sum) / 2 - sum / 2);
  // Half a rank towards the mean: sums are whole, the normal distribution is not.
  const double z = std::max(0.0, distance - 0.5) / std::sqrt(squares / 4);
  return std::erfc(z / std::sqrt(2.0));
}

// Of means, from either end: where the interval begins, from 1, and how often it misses.
struct PairsCutOff {
  std::size_t rank = 1;
  double miss = 1;
};

PairsCutOff cut_off(std::size_t pair_count) {
  if (pair_count > kSignedRanksCounted) {
    const auto count = static_cast<double>(pair_count);
    const double mean = count * (count + 1) / 4;
    const double deviation = std::sqrt(mean * (2 * count + 1) / 6);
    return {static_cast<std::size_t>(std::floor(mean - kPairsNormal975 * deviation)),
            kPairsMissMax};
  }
  std::vector<std::uint32_t> ranks(pair_count);
  std::iota(ranks.begin(), ranks.end(), std::uint32_t{1});
  const std::vector<double> shares = sum_distribution(ranks);
  // As many of the means lie above the centre as the positive ranks sum to.
  double tail = shares[0];
  std::size_t rank = 1;
  while (rank < shares.size() && tail + shares[rank] < kPairsMissMax / 2) tail += shares[rank++];
  return {rank, 2 * tail};
}

// Of n values the n(n + 1)/2 means of every two, each with itself too, in their order. They are not
// made: of 50,000 rounds there are a thousand million.
class PairMeans {
 public:
  explicit PairMeans(std::span<const double> values) : sorted_{values.begin(), values.end()} {
    std::sort(sorted_.begin(), sorted_.end());
  }
  [[nodiscard]] std::size_t count() const noexcept {
    return sorted_.size() * (sorted_.size() + 1) / 2;
  }
  /// The one of this rank, from 1: by halving the range in which it is.
  [[nodiscard]] double at(std::size_t rank) const noexcept {
    if (up_to(sorted_.front()).count >= rank) return sorted_.front();
    double below = sorted_.front();
    double above = sorted_.back();
    constexpr int kHalvings = 200;  // far more than a double has bits
    for (int step = 0; step < kHalvings; ++step) {
      const double middle = below + (above - below) / 2;
      if (middle <= below || middle >= above) break;
      (up_to(middle).count >= rank ? above : below) = middle;
    }
    return up_to(above).largest;
  }

 private:
  struct Head {
    std::size_t count = 0;
    double largest = 0;
  };
  // The means up to a limit. What the second may be falls while the first rises.
  [[nodiscard]] Head up_to(double limit) const noexcept {
    Head head{0, sorted_.front()};
    std::size_t end = sorted_.size();
    for (std::size_t first = 0; first < end; ++first) {
      while (end > first && (sorted_[first] + sorted_[end - 1]) / 2 > limit) --end;
      if (end == first) break;
      head.count += end - first;
      head.largest = std::max(head.largest, (sorted_[first] + sorted_[end - 1]) / 2);
    }
    return head;
  }

  std::vector<double> sorted_;
};

}  // namespace

double signed_rank_p(std::span<const double> differences) {
  const SignedRanks ranks = rank(differences);
  if (ranks.doubled.empty()) return 1;
  return ranks.doubled.size() <= kSignedRanksCounted ? exact_p(ranks) : normal_p(ranks);
}

double smallest_signed_rank_p(std::size_t pair_count) noexcept {
  return pair_count == 0 ? 1 : std::ldexp(2.0, -static_cast<int>(pair_count));
}

MedianInterval paired_difference_interval(std::span<const double> differences) {
  if (differences.empty()) return {};
  const PairMeans means{differences};
  const std::size_t count = means.count();
  const PairsCutOff cut = cut_off(differences.size());
  const double above = means.at(count / 2 + 1);
  return {.median = count % 2 == 1 ? above : (means.at(count / 2) + above) / 2,
          .low = means.at(cut.rank),
          .high = means.at(count + 1 - cut.rank),
          .confidence = 1 - cut.miss,
          .sample_count = differences.size()};
}

MedianInterval paired_ratio_interval(std::span<const double> ratios) {
  if (ratios.empty()) return {};
  std::vector<double> logs;
  logs.reserve(ratios.size());
  for (const double ratio : ratios) {
    URB_ASSERT(ratio > 0);
    logs.push_back(std::log(ratio));
  }
  MedianInterval interval = paired_difference_interval(logs);
  for (double* const bound : {&interval.median, &interval.low, &interval.high}) {
    *bound = std::exp(*bound);
  }
  return interval;
}

}  // namespace urb
