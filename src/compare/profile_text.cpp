#include "compare/profile_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "report/markdown.hpp"

namespace urb {
namespace {

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + clean_text(name);
  return text;
}

std::string describe(std::string_view role, const ProfileSource& source) {
  return fmt::format("{}: {}, {}, {} boot{} of each cell or more\n", role, clean_text(source.name),
                     join(source.kernels), source.boots, source.boots == 1 ? "" : "s");
}

// "–" is what did not run.
std::string count_text(double count) { return count > 0 ? format_count(count) : "–"; }

std::string signed_count(double difference) {
  if (difference == 0) return "0";
  return (difference < 0 ? "-" : "+") + format_count(std::abs(difference));
}

std::string percent_text(double share) { return fmt::format("{:+.2f}%", share * 100); }

std::vector<std::string> fields_of(const ProfileCellChange& cell, const CountChange& change) {
  return {count_text(change.base_median), count_text(change.next_median),
          signed_count(change.difference()), percent_text(cell.share_of_base(change.difference())),
          change.is_beyond_noise ? "" : "~"};
}

TableLines start_lines(std::vector<std::string> lead) {
  for (const char* const name : {"base", "new", "change", "of base", ""}) lead.emplace_back(name);
  return {std::move(lead)};
}

void add_line(TableLines& lines, std::vector<std::string> lead, std::vector<std::string> fields) {
  lead.insert(lead.end(), fields.begin(), fields.end());
  lines.push_back(std::move(lead));
}

TableLines subsystem_lines(const ProfileCellChange& cell) {
  TableLines lines = start_lines({"subsystem"});
  for (const CountChange& change : cell.subsystems) {
    add_line(lines, {change.name}, fields_of(cell, change));
  }
  add_line(lines, {"sum"}, fields_of(cell, cell.sum));
  return lines;
}

TableLines function_lines(const ProfileCellChange& cell, std::size_t limit) {
  TableLines lines = start_lines({"function", "subsystem"});
  const std::size_t shown = limit == 0 ? cell.functions.size() : limit;
  double base = 0;
  double next = 0;
  std::size_t rest = 0;
  for (const CountChange& change : cell.functions) {
    if (lines.size() <= shown) {
      add_line(lines, {change.name, change.subsystem}, fields_of(cell, change));
      continue;
    }
    base += change.base_median;
    next += change.next_median;
    ++rest;
  }
  if (rest != 0) {
    add_line(lines, {fmt::format("{} others", rest), ""},
             {count_text(base), count_text(next), signed_count(next - base),
              percent_text(cell.share_of_base(next - base)), ""});
  }
  return lines;
}

void add_cell(Report& report, const ProfileCellChange& cell, ProfileDetail detail,
              std::size_t limit, TableStyle style) {
  report.push_back(
      {Block::Kind::heading, fmt::format("{}: instructions of a request\n", cell.cell)});
  report.push_back({Block::Kind::table, render_lines(subsystem_lines(cell), 1, style)});
  if (detail != ProfileDetail::function) return;
  report.push_back({Block::Kind::table, render_lines(function_lines(cell, limit), 2, style)});
}

std::string explanation(ProfileDetail detail) {
  std::string text =
      "base, new: medians over the boots. of base: the change, as a share of all that a request of "
      "the base executes. ~: the medians are not further apart than the ranges over the boots of "
      "both sides together, and one boot counts as a range of 0.5% of the cell. –: did not run.\n";
  if (detail != ProfileDetail::function) return text;
  return text +
         "old → new: one function that was renamed. A function that one side has inlined into its "
         "callers is not told apart: there the sum of the subsystem says what changed.\n";
}

}  // namespace

std::string_view name_of(ProfileDetail detail) noexcept {
  switch (detail) {
    case ProfileDetail::subsystem: return "subsystem";
    case ProfileDetail::function: return "function";
    case ProfileDetail::cell: break;
  }
  return "cell";
}

std::string cell_table(const ProfileComparison& comparison, TableStyle style) {
  TableLines lines = start_lines({"cell"});
  for (const ProfileCellChange& cell : comparison.cells) {
    add_line(lines, {cell.cell}, fields_of(cell, cell.sum));
  }
  return render_lines(lines, 1, style);
}

std::string growth_table(const ProfileCellChange& cell,
                         const std::vector<const CountChange*>& functions, TableStyle style) {
  TableLines lines = start_lines({"function", "subsystem"});
  for (const CountChange* const change : functions) {
    add_line(lines, {change->name, change->subsystem}, fields_of(cell, *change));
  }
  return render_lines(lines, 2, style);
}

std::string format_count(double count) {
  if (count < 99.95) return fmt::format("{:.1f}", count);
  std::string digits = fmt::format("{:.0f}", count);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

Report make_profile_report(const ProfileComparison& comparison, ProfileDetail detail,
                           std::size_t limit, TableStyle style) {
  Report report;
  std::string sources = describe("base", comparison.base);
  // In Markdown, lines that are not apart flow into one.
  if (style == TableStyle::markdown) sources += '\n';
  report.push_back({Block::Kind::note, sources + describe("new", comparison.next)});
  report.push_back({Block::Kind::heading, "instructions of a request: sums of the cells\n"});
  report.push_back({Block::Kind::table, cell_table(comparison, style)});
  if (detail != ProfileDetail::cell) {
    for (const ProfileCellChange& cell : comparison.cells) {
      add_cell(report, cell, detail, limit, style);
    }
  }
  report.push_back({Block::Kind::note, explanation(detail)});
  for (const auto& [source, names] : {std::pair{&comparison.base, &comparison.base_only},
                                      {&comparison.next, &comparison.next_only}}) {
    if (names->empty()) continue;
    report.push_back({Block::Kind::note,
                      fmt::format("Only in {}: {}\n", clean_text(source->name), join(*names))});
  }
  for (const std::string& note : comparison.notes) {
    report.push_back({Block::Kind::warning, fmt::format("note: {}\n", clean_text(note))});
  }
  for (const ProfileCellChange& cell : comparison.cells) {
    if (!cell.beyond_threshold) continue;
    report.push_back(
        {Block::Kind::warning, fmt::format("regression: {} {}, more than {:g}%\n", cell.cell,
                                           percent_text(cell.share_of_base(cell.sum.difference())),
                                           comparison.threshold_percent)});
  }
  return report;
}

}  // namespace urb
