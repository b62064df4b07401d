// All that a sweep has found, cell by cell and kernel by kernel.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "row/row.hpp"
#include "sweep/qemu.hpp"

namespace urb {

/// "direct 1MiB reuse", "micro-nop": what tables call the cell of a row.
[[nodiscard]] std::string name_cell(const Row& row);

class Findings {
 public:
  explicit Findings(std::size_t kernels) : kernels_{kernels}, compilers_(kernels) {}

  /// `figure` is what the table shows of the row; none for a row without figures.
  void add(std::size_t kernel, const Row& row, const std::optional<double>& figure);
  /// Medians, a line a cell and a column a kernel, then what built the kernels, where that is not
  /// the same for all. Empty when no row has figures.
  [[nodiscard]] std::string format_table(const std::vector<std::string>& releases,
                                         GuestCpu cpu) const;
  /// 0: all rows have figures; 77: none, for lack of support; 1: anything else.
  [[nodiscard]] int exit_code() const noexcept;

 private:
  std::size_t kernels_;
  std::map<std::string, std::vector<std::vector<double>>> figures_;  ///< by cell, by kernel
  std::vector<std::string> order_;
  std::vector<std::string> compilers_;  ///< by kernel; empty where no row says it
  std::size_t ok_ = 0;
  std::size_t failed_ = 0;
};

}  // namespace urb
