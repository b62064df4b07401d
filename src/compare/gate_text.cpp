#include "compare/gate_text.hpp"

#include <fmt/format.h>

#include <string>

#include "base/text.hpp"
#include "compare/profile_text.hpp"

namespace urb {
namespace {

constexpr std::size_t kGrowthShown = 10;  // a guess: more functions are read with compare

std::string join_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string verdict_of(const ProfileComparison& comparison) {
  std::size_t grown = 0;
  for (const ProfileCellChange& cell : comparison.cells) grown += cell.beyond_threshold ? 1 : 0;
  if (grown == 0) {
    return fmt::format("gate: no cell of {} grew by more than {:g}%\n", comparison.cells.size(),
                       comparison.threshold_percent);
  }
  return fmt::format("gate: {} of {} cells grew by more than {:g}%\n", grown,
                     comparison.cells.size(), comparison.threshold_percent);
}

}  // namespace

bool passes_gate(const ProfileComparison& comparison) noexcept {
  return !comparison.found_regression() && comparison.base_only.empty();
}

Report make_gate_report(const ProfileComparison& comparison) {
  Report report;
  report.push_back({Block::Kind::table, cell_table(comparison, TableStyle::aligned)});
  for (const ProfileCellChange& cell : comparison.cells) {
    if (!cell.beyond_threshold) continue;
    report.push_back(
        {Block::Kind::heading, fmt::format("{}: {:+.2f}%, by these functions\n", cell.cell,
                                           cell.share_of_base(cell.sum.difference()) * 100)});
    report.push_back({Block::Kind::table,
                      growth_table(cell, find_growth(cell, kGrowthShown), TableStyle::aligned)});
  }
  for (const std::string& note : comparison.notes) {
    report.push_back({Block::Kind::warning, fmt::format("note: {}\n", clean_text(note))});
  }
  if (!comparison.base_only.empty()) {
    report.push_back({Block::Kind::warning, fmt::format("gate: the new side has no figures of {}\n",
                                                        join_names(comparison.base_only))});
  }
  report.push_back({comparison.found_regression() ? Block::Kind::warning : Block::Kind::note,
                    verdict_of(comparison)});
  return report;
}

}  // namespace urb
