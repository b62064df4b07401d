// Two files of made-up rows, and their comparison by one metric.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "compare/comparison.hpp"

namespace urb::test {

inline Row row_of(const std::string& mode, double requests_per_s) {
  Row row;
  row.run_id = "run-1";
  row.tool = "0.1.0";
  row.kernel = "6.1";
  row.mode = mode;
  row.workers = 4;
  row.connections = 4;
  row.body_bytes = 1 << 20;
  row.loop = "closed";
  row.client = "builtin";
  row.requests_per_s = requests_per_s;
  row.cpu_us_per_request_master = 20.0;
  row.cpu_us_per_request_workers = 1e5 / requests_per_s;
  row.latency_us_p99 = 900.0;
  return row;
}

// Five repeats, 0.5 % apart.
inline std::vector<Row> cell_of(const std::string& mode, double requests_per_s,
                                std::size_t repeats = 5) {
  std::vector<Row> rows;
  for (std::size_t index = 0; index < repeats; ++index) {
    rows.push_back(row_of(mode, requests_per_s * (1 + 0.005 * static_cast<double>(index))));
    rows.back().repeat = index + 1;
  }
  return rows;
}

inline Side side_of(const std::string& name, const std::vector<std::vector<Row>>& cells) {
  Side side{name, {}};
  for (const auto& rows : cells) side.rows.insert(side.rows.end(), rows.begin(), rows.end());
  return side;
}

inline Comparison compare(const Side& base, const Side& next, const std::string& metric = "req/s",
                          double threshold_percent = 5) {
  const std::vector<const Metric*> metrics{find_metric(metric)};
  REQUIRE(metrics.front() != nullptr);
  return compare_rows(base, next, metrics, {threshold_percent, false});
}

inline std::string refusal_of(const Side& base, const Side& next,
                              const std::string& metric = "req/s") {
  try {
    (void)compare(base, next, metric);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "nothing was refused";
}

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace urb::test
