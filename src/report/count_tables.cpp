#include "report/count_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <tuple>
#include <utility>

#include "report/guest.hpp"
#include "report/markdown.hpp"
#include "report/releases.hpp"
#include "report/tables.hpp"

namespace urb {
namespace {

std::vector<std::string> kernels_of(const std::vector<Cell>& cells) {
  std::vector<std::string> kernels;
  for (const Cell& cell : cells) {
    if (std::find(kernels.begin(), kernels.end(), cell.kernel) == kernels.end()) {
      kernels.push_back(cell.kernel);
    }
  }
  std::stable_sort(kernels.begin(), kernels.end(), is_older_release);
  return kernels;
}

bool are_one_line(const Cell& left, const Cell& right) {
  return left.name() == right.name() && left.body == right.body && left.reuse == right.reuse;
}

// The same cell on several kernels, which stand one behind the other; reuse, then body.
std::vector<std::vector<const Cell*>> lines_of(const std::vector<Cell>& cells) {
  std::vector<std::vector<const Cell*>> lines;
  for (const Cell& cell : cells) {
    if (lines.empty() || !are_one_line(*lines.back().front(), cell)) lines.emplace_back();
    lines.back().push_back(&cell);
  }
  const auto key = [](const std::vector<const Cell*>& line) {
    return std::make_tuple(line.front()->reuse, line.front()->body);
  };
  std::stable_sort(lines.begin(), lines.end(),
                   [&](const auto& left, const auto& right) { return key(left) < key(right); });
  return lines;
}

std::string change_of(const std::vector<double>& medians) {
  if (medians.size() < 2 || medians.front() <= 0) return std::string{kNoFigure};
  return fmt::format("{:+.1f} %", (medians.back() / medians.front() - 1) * 100);
}

std::string count_or_refusal(const Cell& cell) {
  const std::string count = format_median_of(cell, &Row::instructions_per_request);
  return count == kNoFigure && cell.failed_count != 0 ? std::string{name_of(cell.failed_status)}
                                                      : count;
}

// What the guest says of one role's part, of the trials that say it.
std::string share_of(const Cell& cell, const char* role) {
  std::vector<double> shares;
  for (const Row& row : cell.rows) {
    const std::string share = guest_field(row, role);
    if (!share.empty()) shares.push_back(std::strtod(share.c_str(), nullptr));
  }
  return shares.empty() ? std::string{kNoFigure} : format_median(median_interval(shares));
}

}  // namespace

std::string instructions_table(const std::vector<Cell>& cells) {
  const std::vector<std::string> kernels = kernels_of(cells);
  std::vector<std::string> header{"Test", "Body", "Reuse"};
  for (const std::string& kernel : kernels) {
    header.push_back(escape_markdown(short_release(kernel, kernels)));
  }
  if (kernels.size() > 1) header.emplace_back("first to last");
  MarkdownTable table{std::move(header), 3};
  for (const std::vector<const Cell*>& line : lines_of(cells)) {
    std::vector<std::string> fields = cell_names(*line.front());
    std::vector<double> medians;
    auto cell = line.begin();
    for (const std::string& kernel : kernels) {
      const bool is_there = cell != line.end() && (*cell)->kernel == kernel;
      fields.push_back(is_there ? count_or_refusal(**cell) : std::string{kNoFigure});
      if (!is_there) continue;
      if (const auto count = (*cell)->median(&Row::instructions_per_request)) {
        medians.push_back(*count);
      }
      ++cell;
    }
    if (kernels.size() > 1) fields.push_back(change_of(medians));
    table.add(std::move(fields));
  }
  return table.is_empty() ? "" : table.render();
}

std::string instruction_shares_table(const std::vector<Cell>& cells) {
  constexpr std::array kRoles{"client", "master", "workers"};
  MarkdownTable table{{"Test", "Body", "Reuse", kRoles[0], kRoles[1], kRoles[2]}, 3};
  if (cells.empty()) return "";
  const std::string kernel = kernels_of(cells).back();
  for (const Cell& cell : cells) {
    if (cell.kernel != kernel) continue;
    std::vector<std::string> fields = cell_names(cell);
    for (const char* const role : kRoles) fields.push_back(share_of(cell, role));
    const bool is_known = std::any_of(fields.begin() + 3, fields.end(),
                                      [](const std::string& field) { return field != kNoFigure; });
    if (is_known) table.add(std::move(fields));
  }
  if (table.is_empty()) return "";
  return fmt::format("Whose they are, on {}:\n\n{}", escape_markdown(kernel), table.render());
}

std::string operations_table(const std::vector<Cell>& cells) {
  MarkdownTable table{{"Operation", "µs", "CPU µs", "io_uring_enter", "SQEs", "GB/s"}, 1};
  for (const Cell& cell : cells) {
    std::vector<double> each_us;
    for (const double rate : cell.figures(&Row::requests_per_s)) each_us.push_back(1e6 / rate);
    if (each_us.empty()) continue;
    Row::Figure gb_per_s = cell.median(&Row::bytes_per_s);
    if (gb_per_s) *gb_per_s /= 1e9;
    table.add({cell.name(), format_median(median_interval(each_us)),
               format_short(cell.median(&Row::cpu_us_per_request_client)),
               format_short(cell.median(&Row::enters_per_request)),
               format_short(cell.median(&Row::sqes_per_request)),
               format_short(cell.body.value == 0 ? Row::Figure{} : gb_per_s)});
  }
  return table.is_empty() ? "" : table.render();
}

}  // namespace urb
