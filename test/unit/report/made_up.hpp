// Rows of trials that never were, for what is made of rows.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "row/row.hpp"

namespace urb::test {

/// A trial of 1 KiB bodies with reuse, of one run on one kernel, without figures yet.
inline Row made_up_row(const std::string& mode, std::uint64_t repeat = 1) {
  Row row;
  row.run_id = "run";
  row.mode = mode;
  row.kernel = "6.12";
  row.workers = row.connections = 1;
  row.body_bytes = 1024;
  row.reuse = true;
  row.loop = "closed";
  row.client = "builtin";
  row.repeat = repeat;
  return row;
}

/// A trial a rate, in rounds from 1 on.
inline std::vector<Row> made_up_rates(const std::string& mode,
                                      std::initializer_list<double> requests_per_s) {
  std::vector<Row> rows;
  for (const double rate : requests_per_s) {
    rows.push_back(made_up_row(mode, rows.size() + 1));
    rows.back().requests_per_s = rate;
  }
  return rows;
}

inline std::vector<Row> joined(std::initializer_list<std::vector<Row>> parts) {
  std::vector<Row> all;
  for (const std::vector<Row>& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace urb::test
