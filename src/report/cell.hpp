// The trials of one point of the grid, brought together: what a line of a table is made of. The
// tables at the end of a run, the report and its JSON all read this.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "report/metrics.hpp"
#include "row/open_loop.hpp"
#include "row/row.hpp"
#include "row/warnings.hpp"
#include "stats/histogram.hpp"
#include "stats/summary.hpp"

namespace urb {

struct Cell {
  std::string mode;
  std::string relay;
  std::string policy;  ///< who gets a connection or request; empty: not known
  std::string tls;     ///< who does TLS, "off", or with what else there is: "sni+resume"
  std::string url;     ///< of a server that `load` has measured
  /// "passthru copy", where there are several data paths; "cluster least", where the policy is not
  /// the mode's own; "socket tls=sni". Empty: the mode.
  std::string label;
  std::string kernel;
  Bytes body;
  bool reuse = false;
  std::size_t id = 0;  ///< place among all cells of a report

  std::vector<Row> rows;                ///< of the trials that carry figures
  std::vector<std::size_t> row_places;  ///< of all its trials, among the rows of a report
  // Of the same trials, merged, since quantiles are never averaged. Rows alone carry none.
  std::optional<Histogram> latency;
  std::optional<OpenLoop> open_loop;
  Warnings warnings;
  std::vector<double> sockets_per_message;  ///< of the hand-overs, by trial that had any
  bool accepts_disturbed = false;   ///< `--accept-disturbed`: such trials are like all others
  std::size_t disturbed_count = 0;  ///< trials kept out of all of the above, for that reason
  std::map<std::string, std::size_t> disturbed_reasons;  ///< of them, how many have each reason
  std::size_t failed_count = 0;
  Status failed_status = Status::ok;  ///< of the first that failed
  std::string failed_reason;

  [[nodiscard]] const std::string& name() const noexcept { return label.empty() ? mode : label; }
  [[nodiscard]] bool has_figures() const noexcept { return !rows.empty(); }
  /// The known values of a column, for example figures(&Row::requests_per_s), or of a metric.
  [[nodiscard]] std::vector<double> figures(Row::Figure Row::*column) const;
  [[nodiscard]] std::vector<double> figures(const Metric& metric) const;
  /// Their median; empty when no trial knows it.
  [[nodiscard]] Row::Figure median(Row::Figure Row::*column) const;

  [[nodiscard]] bool is_limited_by_client() const;
  /// The verdict of most trials, the first of those where several are as frequent.
  [[nodiscard]] std::string bottleneck() const;
  /// By the name of a warning: how many of the trials with figures carry it.
  [[nodiscard]] std::map<std::string, std::size_t> warning_counts() const;

  /// Whether a trial's figures belong into this cell: it has some, and the machine was its own.
  [[nodiscard]] bool takes(const Row& row) const noexcept;
  /// Takes one trial's row in, and its histogram, when takes(); else counts the trial.
  void add(const Row& row);
  void add(const Row& row, const Histogram& trial_latency);
  void add(const OpenLoop& trial);
};

/// Nobody distributes in this mode: each worker accepts for itself. The others are held against it.
/// It is no ceiling: the kernel may load its workers unevenly.
[[nodiscard]] bool is_reference(const Cell& cell) noexcept;
/// The cell of the same kernel, body and reuse in such a mode, if that ran.
[[nodiscard]] const Cell* find_reference(const std::vector<Cell>& cells, const Cell& cell) noexcept;

}  // namespace urb
