#include "report/rounds.hpp"

#include <array>
#include <map>
#include <string_view>
#include <utility>

namespace urb {
namespace {

constexpr std::array<std::string_view, 10> kTimes{"requests_per_s",
                                                  "cpu_us_per_request_total",
                                                  "cpu_us_per_request_server",
                                                  "cpu_us_per_request_client",
                                                  "cpu_us_per_request_master",
                                                  "cpu_us_per_request_workers",
                                                  "cpu_s_per_gb_server",
                                                  "host_cpu_us_per_request",
                                                  "latency_us_p99",
                                                  "small_latency_us_p99"};
constexpr std::array<std::string_view, 2> kCounts{"instructions_per_request", "enters_per_request"};

using RoundRows = std::map<std::pair<std::string_view, std::uint64_t>, const Row*>;

// Of the rows with the same key, the first.
std::vector<RoundPair> join(const RoundRows& of, const RoundRows& to) {
  std::vector<RoundPair> pairs;
  for (const auto& [key, row] : of) {
    const auto other = to.find(key);
    if (other != to.end()) pairs.push_back({row, other->second});
  }
  return pairs;
}

RoundRows rows_by_repeat(const Cell& cell) {
  RoundRows rows;
  for (const Row& row : cell.rows) {
    if (!row.run_id.empty()) rows.try_emplace({row.run_id, row.repeat}, &row);
  }
  return rows;
}

bool are_comparable(const Cell& of, const Cell& to) {
  return of.kernel == to.kernel && of.body == to.body && of.reuse == to.reuse;
}

}  // namespace

std::vector<RoundPair> pairs_of(const Cell& of, const Cell& to) {
  return join(rows_by_repeat(of), rows_by_repeat(to));
}

RoundComparison compare_rounds(const Cell& of, const Cell& to, const Metric& metric,
                               RoundComparison::Kind kind) {
  return compare_pairs(of, to, pairs_of(of, to), metric, kind);
}

RoundComparison compare_pairs(const Cell& of, const Cell& to, const std::vector<RoundPair>& pairs,
                              const Metric& metric, RoundComparison::Kind kind) {
  const bool is_ratio = kind == RoundComparison::Kind::ratio;
  std::vector<double> samples;
  if (metric.is_rate() && (of.is_limited_by_client() || to.is_limited_by_client())) {
    return {&of, &to, &metric, kind, {}};
  }
  for (const RoundPair& pair : pairs) {
    const Row::Figure left = metric.figure_of(*pair.of);
    const Row::Figure right = metric.figure_of(*pair.to);
    if (!left || !right) continue;
    if (!is_ratio) samples.push_back(*left - *right);
    // No logarithm of nothing: a side without any cost has no ratio.
    if (is_ratio && *left > 0 && *right > 0) samples.push_back(*left / *right);
  }
  return {&of, &to, &metric, kind,
          is_ratio ? paired_ratio_interval(samples) : paired_difference_interval(samples)};
}

std::vector<RoundComparison> compare_all(const std::vector<Cell>& cells, bool is_count) {
  std::vector<const Metric*> metrics;
  if (is_count) {
    for (const auto column : kCounts) metrics.push_back(find_metric_of_column(column));
  } else {
    for (const auto column : kTimes) metrics.push_back(find_metric_of_column(column));
  }
  std::vector<RoundComparison> comparisons;
  for (std::size_t first = 0; first < cells.size(); ++first) {
    for (std::size_t second = first + 1; second < cells.size(); ++second) {
      if (!are_comparable(cells[first], cells[second])) continue;
      const auto pairs = pairs_of(cells[first], cells[second]);
      if (pairs.empty()) continue;
      for (const Metric* const metric : metrics) {
        for (const auto kind : {RoundComparison::Kind::ratio, RoundComparison::Kind::difference}) {
          // What is per request adds up, so that a difference is the cost of something.
          const bool adds_up = metric->column.find("per_request") != std::string_view::npos;
          if (kind == RoundComparison::Kind::difference && !adds_up) continue;
          RoundComparison comparison =
              compare_pairs(cells[first], cells[second], pairs, *metric, kind);
          if (comparison.interval.sample_count != 0) comparisons.push_back(comparison);
        }
      }
    }
  }
  return comparisons;
}

}  // namespace urb
