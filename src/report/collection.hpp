// Rows of any number of files → what may stand in one table. Rows of different meters, machines or
// kernels are put into sections of their own: nothing here makes a figure out of two of them. So
// are kernels that different compilers built, and counts of different emulated processors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/cell.hpp"
#include "report/setting.hpp"
#include "row/row.hpp"

namespace urb {

struct InputFile {
  std::string name;
  std::vector<Row> rows;
  std::size_t repeated = 0;  ///< further rows, which were read before and are not among them
};

/// Cells that are alike in everything but mode, data path, body and reuse, and in a section of
/// counts the kernel.
struct Setting {
  std::string title;           ///< "4 workers, 4 connections, closed loop, …"
  SettingValues values;        ///< columns and what they hold
  bool is_operations = false;  ///< `micro-…`: one kernel operation instead of a request
  std::vector<Cell> cells;     ///< in the order in which modes are listed
  std::size_t id = 0;          ///< place among all settings of a report
};

struct Section {
  /// Counted instructions, of any number of kernels; else times, of one kernel on one machine.
  bool is_count = false;
  std::vector<const Row*> rows;   ///< all of them, whatever their status
  std::vector<Setting> settings;  ///< the one with most rows, then by workers, connections
  std::size_t id = 0;
};

/// Times first, then counts; newest method first, kernels by version. A row that carries both a
/// time and a count is in a section of either kind. The rows outlive the sections.
[[nodiscard]] std::vector<Section> collect(const std::vector<Row>& rows);

/// Whether a mode of this program: the others are servers that it has measured.
[[nodiscard]] bool is_own_mode(std::string_view mode) noexcept;

}  // namespace urb
