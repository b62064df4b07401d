// The trials of one point of the grid, brought together: what a line of a table is made of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "row/open_loop.hpp"
#include "row/row.hpp"
#include "row/warnings.hpp"
#include "stats/histogram.hpp"
#include "stats/summary.hpp"

namespace urb {

struct Cell {
  std::string mode;
  Bytes body;
  bool reuse = false;

  std::vector<Row> rows;  ///< of the trials that carry figures
  Histogram latency;      ///< of the same trials, merged: quantiles are never averaged
  OpenLoop open_loop;
  Warnings warnings;
  std::vector<double> sockets_per_message;  ///< of the hand-overs, by trial that had any
  std::size_t failed_count = 0;
  Status failed_status = Status::ok;  ///< of the first that failed
  std::string failed_reason;

  [[nodiscard]] bool has_figures() const noexcept { return !rows.empty(); }
  /// The known values of a column, for example figures(&Row::requests_per_s).
  [[nodiscard]] std::vector<double> figures(Row::Figure Row::*column) const;
  /// Their median; empty when no trial knows it.
  [[nodiscard]] Row::Figure median(Row::Figure Row::*column) const;

  /// The verdict of most trials, the first of those where several are as frequent.
  [[nodiscard]] std::string bottleneck() const;

  /// Takes one trial's row in; `latency` counts only when the row has figures.
  void add(const Row& row, const Histogram& trial_latency);
};

/// The cell of the same body and reuse in mode `direct`, if that ran: the reference.
[[nodiscard]] const Cell* find_ceiling(const std::vector<Cell>& cells, const Cell& cell) noexcept;

}  // namespace urb
