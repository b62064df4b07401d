// Rows of any number of files → what may stand in one table. Rows of different meters, machines or
// kernels are put into sections of their own: nothing here makes a figure out of two of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/cell.hpp"
#include "row/row.hpp"

namespace urb {

struct InputFile {
  std::string name;
  std::vector<Row> rows;
  std::size_t repeated = 0;  ///< further rows, which were read before and are not among them
};

/// Trials that are alike in everything but mode, data path, body and reuse.
struct Setting {
  std::string title;      ///< "4 workers, 4 connections, closed loop, …"
  std::vector<Row> rows;  ///< `mode` names the data path too where there are several
};

struct Section {
  /// Counted instructions, of any number of kernels; else times, of one kernel on one machine.
  bool is_count = false;
  std::vector<Row> rows;          ///< all of them, whatever their status
  std::vector<Setting> settings;  ///< the one with most rows, then by workers, connections
  std::vector<Row> operations;    ///< `micro-…`: one kernel operation instead of a request
};

/// Times first, then counts; newest method first, kernels by version. A row that carries both a
/// time and a count is in a section of either kind.
[[nodiscard]] std::vector<Section> collect(const std::vector<InputFile>& files);

/// The cells of rows of one kernel and setting, in the order in which modes are listed.
[[nodiscard]] std::vector<Cell> make_cells(const std::vector<Row>& rows);

/// What `rows` have as modes, in the order in which they are listed: the study's three, the
/// reference, then the others.
[[nodiscard]] std::vector<std::string> modes_in_order(const std::vector<Row>& rows);
/// Their kernels, by version.
[[nodiscard]] std::vector<std::string> kernels_in_order(const std::vector<Row>& rows);

/// Whether `left` is the older release: numbers compare as numbers, "6.9" is older than "6.12".
[[nodiscard]] bool is_older_release(const std::string& left, const std::string& right);

/// What `guest` says of a name, as in "qemu=7.2.22;machine=microvm;…"; empty when it does not.
[[nodiscard]] std::string guest_field(const Row& row, std::string_view name);
/// Of `guest` what rows must share to be held against each other: emulator, machine, processor.
[[nodiscard]] std::string virtual_machine(const Row& row);

/// The distinct values of a column in order of appearance, as one text: "a, b", "–" for none.
[[nodiscard]] std::string distinct(const std::vector<Row>& rows, std::string Row::*column);

}  // namespace urb
