// What is measured of a trial, as figures that have a median: one line each in metrics.cpp. Tables,
// `report --json` and `compare` take name, unit and direction from there.
#pragma once

#include <span>
#include <string_view>

#include "row/row.hpp"

namespace urb {

struct Metric {
  std::string_view column;  ///< its name in JSON: a column, or what is made of several
  std::string_view name;    ///< what `compare --metric` calls it
  std::string_view unit;
  bool more_is_better;
  /// Holds in an emulator too: a count, and neither a time nor a rate.
  bool is_count;
  std::string_view meaning;
  Row::Figure (*figure_of)(const Row&);
  /// By time. Where the client was the limit it is the client's: the server's is higher.
  [[nodiscard]] bool is_rate() const noexcept {
    return column == "requests_per_s" || column == "bytes_per_s";
  }
};

[[nodiscard]] std::span<const Metric> all_metrics() noexcept;
/// nullptr for a name that does not exist.
[[nodiscard]] const Metric* find_metric(std::string_view name) noexcept;
/// The same by `column`.
[[nodiscard]] const Metric* find_metric_of_column(std::string_view column) noexcept;

}  // namespace urb
