// Ranks, a count by dynamic programming, and the normal distribution where the count is too long.
#include "stats/rank_test.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "base/assert.hpp"

namespace urb {
namespace {

constexpr double kMissMax = 0.05;  // of an interval
constexpr double kNormal975 = 1.959963984540054;

// Both sets in one, ranked.
struct Ranking {
  std::vector<std::uint32_t> doubled;  ///< twice the mean rank of each, so that it is whole
  std::size_t base_count = 0;          ///< of them, the first ones
  double tie_term = 0;                 ///< Σ (t³ − t) over groups of t equal samples

  [[nodiscard]] std::uint64_t doubled_base_sum() const {
    return std::accumulate(doubled.begin(),
                           doubled.begin() + static_cast<std::ptrdiff_t>(base_count),
                           std::uint64_t{0});
  }
};

Ranking rank(std::span<const double> base, std::span<const double> next) {
  std::vector<double> values(base.begin(), base.end());
  values.insert(values.end(), next.begin(), next.end());
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&values](std::size_t left, std::size_t right) {
    return values[left] < values[right];
  });
  Ranking ranking{std::vector<std::uint32_t>(values.size()), base.size(), 0};
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first + 1;
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    // Ranks count from 1: first + 1 … end have the mean (first + 1 + end) / 2.
    for (std::size_t index = first; index < end; ++index) {
      ranking.doubled[order[index]] = static_cast<std::uint32_t>(first + 1 + end);
    }
    const auto tied = static_cast<double>(end - first);
    ranking.tie_term += tied * tied * tied - tied;
    first = end;
  }
  return ranking;
}

// The probability of each sum that `chosen` of the ranks can have: every choice is equally likely.
std::vector<double> sum_distribution(const std::vector<std::uint32_t>& ranks, std::size_t chosen) {
  const std::size_t sum_max = std::accumulate(ranks.begin(), ranks.end(), std::size_t{0});
  const std::size_t width = sum_max + 1;
  // ways[k * width + s]: in how many ways k of the ranks so far sum to s. At most C(60, 30), and
  // a double holds 16 digits of it.
  std::vector<double> ways((chosen + 1) * width, 0.0);
  ways[0] = 1;
  for (const std::uint32_t value : ranks) {
    for (std::size_t k = chosen; k > 0; --k) {
      for (std::size_t s = sum_max; s >= value; --s) {
        ways[k * width + s] += ways[(k - 1) * width + s - value];
      }
    }
  }
  std::vector<double> shares(ways.end() - static_cast<std::ptrdiff_t>(width), ways.end());
  const double all = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= all;
  return shares;
}

double exact_p(const Ranking& ranking) {
  // The smaller set is counted, as that is less work: its sum is as far from its mean as the
  // other's. The doubled sum of n of N has the mean n (N + 1). Whole numbers: no rounding decides
  // what is as extreme.
  const std::size_t count = ranking.doubled.size();
  const std::size_t chosen = std::min(ranking.base_count, count - ranking.base_count);
  const std::vector<double> shares = sum_distribution(ranking.doubled, chosen);
  const auto mean = static_cast<std::int64_t>(chosen * (count + 1));
  const auto base_mean = static_cast<std::int64_t>(ranking.base_count * (count + 1));
  const std::int64_t distance =
      std::abs(static_cast<std::int64_t>(ranking.doubled_base_sum()) - base_mean);
  double p = 0;
  for (std::size_t sum = 0; sum < shares.size(); ++sum) {
    if (std::abs(static_cast<std::int64_t>(sum) - mean) >= distance) p += shares[sum];
  }
  return std::min(p, 1.0);
}

double normal_p(const Ranking& ranking) {
  const auto count = static_cast<double>(ranking.doubled.size());
  const auto base_count = static_cast<double>(ranking.base_count);
  const double next_count = count - base_count;
  const double mean = base_count * (count + 1) / 2;
  const double variance =
      base_count * next_count / 12 * (count + 1 - ranking.tie_term / (count * (count - 1)));
  if (variance <= 0) return 1;  // all samples are equal
  const double distance = std::abs(static_cast<double>(ranking.doubled_base_sum()) / 2 - mean);
  // Half a rank towards the mean: sums are whole, the normal distribution is not.
  const double z = std::max(0.0, distance - 0.5) / std::sqrt(variance);
  return std::erfc(z / std::sqrt(2.0));
}

// Of pairs, from either end: where the interval begins, from 1, and how often it misses.
struct CutOff {
  std::size_t rank = 1;
  double miss = 1;
};

CutOff exact_cut_off(std::size_t base_count, std::size_t next_count) {
  std::vector<std::uint32_t> ranks(base_count + next_count);
  std::iota(ranks.begin(), ranks.end(), 1U);
  const std::size_t chosen = std::min(base_count, next_count);
  const std::vector<double> shares = sum_distribution(ranks, chosen);
  const std::size_t least = chosen * (chosen + 1) / 2;  // sum of the lowest ranks
  // P(U < rank) on each side, U the number of pairs in which one set's sample is the larger.
  double tail = shares[least];
  std::size_t rank = 1;
  while (tail + shares[least + rank] < kMissMax / 2) tail += shares[least + rank++];
  return {rank, 2 * tail};
}

CutOff normal_cut_off(std::size_t base_count, std::size_t next_count) {
  const auto pairs = static_cast<double>(base_count * next_count);
  const double deviation = std::sqrt(pairs * static_cast<double>(base_count + next_count + 1) / 12);
  const double rank = std::floor(pairs / 2 - kNormal975 * deviation);
  return {static_cast<std::size_t>(std::max(1.0, rank)), kMissMax};
}

}  // namespace

bool is_counted(std::size_t base_count, std::size_t next_count) noexcept {
  constexpr double kStepsMax = 7e6;
  // As sum_distribution() goes: samples, by how many are chosen, by their doubled sum.
  const auto count = static_cast<double>(base_count + next_count);
  const auto chosen = static_cast<double>(std::min(base_count, next_count));
  return chosen * count * count * (count + 1) <= kStepsMax;
}

double mann_whitney_p(std::span<const double> base, std::span<const double> next) {
  if (base.empty() || next.empty()) return 1;
  const Ranking ranking = rank(base, next);
  return is_counted(base.size(), next.size()) ? exact_p(ranking) : normal_p(ranking);
}

double smallest_p(std::size_t base_count, std::size_t next_count) {
  std::vector<double> samples(base_count + next_count);
  std::iota(samples.begin(), samples.end(), 0.0);
  const std::span<const double> all{samples};
  return mann_whitney_p(all.first(base_count), all.subspan(base_count));
}

RatioInterval ratio_interval(std::span<const double> base, std::span<const double> next) {
  URB_ASSERT(!base.empty() && !next.empty());
  std::vector<double> ratios;
  ratios.reserve(base.size() * next.size());
  for (const double from : base) {
    URB_ASSERT(from > 0);
    for (const double to : next) {
      URB_ASSERT(to > 0);
      ratios.push_back(to / from);
    }
  }
  std::sort(ratios.begin(), ratios.end());
  const CutOff cut = is_counted(base.size(), next.size())
                         ? exact_cut_off(base.size(), next.size())
                         : normal_cut_off(base.size(), next.size());
  const std::size_t count = ratios.size();
  // The middle of two is their geometric mean: base and next can then change places.
  const double median =
      count % 2 == 1 ? ratios[count / 2] : std::sqrt(ratios[count / 2 - 1] * ratios[count / 2]);
  return {.ratio = median,
          .low = ratios[cut.rank - 1],
          .high = ratios[count - cut.rank],
          .confidence = 1 - cut.miss};
}

std::vector<double> holm_corrected(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [p_values](std::size_t left, std::size_t right) {
    return p_values[left] < p_values[right];
  });
  std::vector<double> corrected(p_values.size());
  double largest = 0;  // a larger p never gets a smaller corrected one
  for (std::size_t place = 0; place < order.size(); ++place) {
    const double scaled = p_values[order[place]] * static_cast<double>(order.size() - place);
    largest = std::max(largest, std::min(1.0, scaled));
    corrected[order[place]] = largest;
  }
  return corrected;
}

double geometric_mean(std::span<const double> ratios) {
  if (ratios.empty()) return 1;
  double log_sum = 0;
  for (const double ratio : ratios) {
    URB_ASSERT(ratio > 0);
    log_sum += std::log(ratio);
  }
  return std::exp(log_sum / static_cast<double>(ratios.size()));
}

}  // namespace urb
