#include "compare/profile_comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "compare/profile_notes.hpp"
#include "stats/summary.hpp"

namespace urb {
namespace {

using NamedCounts = std::map<std::string, BootCounts>;

double range_of(const std::vector<double>& counts, double of_one) {
  if (counts.size() < 2) return of_one;
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  return *most - *least;
}

CountChange make_change(std::string name, std::vector<double> base, std::vector<double> next,
                        double cell_sum) {
  CountChange change{.name = std::move(name), .base = std::move(base), .next = std::move(next)};
  change.base_median = median_of(change.base);
  change.next_median = median_of(change.next);
  const double of_one = kOneBootNoise * cell_sum;
  const double noise = range_of(change.base, of_one) + range_of(change.next, of_one);
  change.is_beyond_noise = std::abs(change.difference()) > noise;
  return change;
}

std::string join_subsystems(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " + ") + name;
  return text;
}

std::string subsystem_text(const BootCounts* base, const BootCounts* next) {
  const std::string before = base == nullptr ? "" : join_subsystems(base->subsystems);
  const std::string after = next == nullptr ? "" : join_subsystems(next->subsystems);
  if (before.empty() || after.empty() || before == after) return before.empty() ? after : before;
  return before + " → " + after;
}

const BootCounts* find_counts(const NamedCounts& counts, const std::string& name) {
  const auto found = counts.find(name);
  return found == counts.end() ? nullptr : &found->second;
}

// What a side does not have has executed nothing, in every boot.
std::vector<CountChange> make_changes(const NamedCounts& base, std::size_t base_boots,
                                      const NamedCounts& next, std::size_t next_boots,
                                      double cell_sum) {
  std::set<std::string> names;
  for (const NamedCounts* const side : {&base, &next}) {
    for (const auto& [name, counts] : *side) names.insert(name);
  }
  std::vector<CountChange> changes;
  for (const std::string& name : names) {
    const BootCounts* const before = find_counts(base, name);
    const BootCounts* const after = find_counts(next, name);
    std::vector<double> base_counts = before == nullptr ? std::vector<double>{} : before->counts;
    std::vector<double> next_counts = after == nullptr ? std::vector<double>{} : after->counts;
    base_counts.resize(base_boots);
    next_counts.resize(next_boots);
    changes.push_back(make_change(name, std::move(base_counts), std::move(next_counts), cell_sum));
    changes.back().subsystem = subsystem_text(before, after);
  }
  std::stable_sort(changes.begin(), changes.end(), [](const auto& left, const auto& right) {
    return std::abs(left.difference()) > std::abs(right.difference());
  });
  return changes;
}

ProfileCellChange compare_cell(std::string name, const ProfileCell& base, const ProfileCell& next,
                               double threshold_percent) {
  ProfileCellChange cell;
  const double sum = median_of(base.sums);
  cell.sum = make_change(name, base.sums, next.sums, sum);
  cell.cell = std::move(name);
  cell.subsystems = make_changes(base.subsystems, base.boots, next.subsystems, next.boots, sum);
  cell.functions = make_changes(base.functions, base.boots, next.functions, next.boots, sum);
  cell.beyond_threshold = cell.sum.is_beyond_noise &&
                          cell.share_of_base(cell.sum.difference()) * 100 > threshold_percent;
  return cell;
}

void refuse_without_sums(const std::string& side, const ProfileCells& cells) {
  for (const auto& [key, cell] : cells) {
    if (cell.sums.size() == cell.boots) continue;
    throw UsageError(fmt::format(
        "{}: a cell of {} has no sums of its subsystems (the file was cut: sweep again)", side,
        key.mode));
  }
}

}  // namespace

bool ProfileComparison::found_regression() const noexcept {
  return std::any_of(cells.begin(), cells.end(),
                     [](const ProfileCellChange& cell) { return cell.beyond_threshold; });
}

ProfileComparison compare_profiles(const ProfileSide& base, const ProfileSide& next,
                                   double threshold_percent) {
  for (const ProfileSide* const side : {&base, &next}) {
    if (side->rows.empty()) throw UsageError(side->name + ": no profile (nothing to compare)");
  }
  refuse_other_methods(base, next);
  const Renames renames{function_names(base.rows), function_names(next.rows)};
  std::size_t base_repeated = 0;
  std::size_t next_repeated = 0;
  const ProfileCells base_cells = group_by_profile_cell(base.rows, renames, base_repeated);
  const ProfileCells next_cells = group_by_profile_cell(next.rows, renames, next_repeated);
  refuse_without_sums(base.name, base_cells);
  refuse_without_sums(next.name, next_cells);

  ProfileComparison comparison;
  comparison.threshold_percent = threshold_percent;
  comparison.base = describe(base, base_cells);
  comparison.next = describe(next, next_cells);
  comparison.notes = find_notes(base, next);
  for (const auto& [side, count] : {std::pair{&base, base_repeated}, {&next, next_repeated}}) {
    if (count == 0) continue;
    comparison.notes.push_back(
        fmt::format("{}: {} rows are there twice, and count once", side->name, count));
  }
  const ProfileCellNames names = name_profile_cells(base_cells, next_cells);
  for (const auto& [key, cell] : base_cells) {
    const auto other = next_cells.find(key);
    if (other == next_cells.end()) {
      comparison.base_only.push_back(names.name_of(key));
      continue;
    }
    comparison.cells.push_back(
        compare_cell(names.name_of(key), cell, other->second, threshold_percent));
  }
  for (const auto& [key, cell] : next_cells) {
    if (base_cells.count(key) == 0) comparison.next_only.push_back(names.name_of(key));
  }
  if (comparison.cells.empty()) {
    throw UsageError(fmt::format(
        "{} and {} have no cell in common: {} and {} (profile the same workload)", base.name,
        next.name, comparison.base_only.front(), comparison.next_only.front()));
  }
  return comparison;
}

std::vector<const CountChange*> find_growth(const ProfileCellChange& cell, std::size_t limit) {
  constexpr double kEnough = 0.8;
  std::vector<const CountChange*> found;
  double explained = 0;
  for (const CountChange& change : cell.functions) {
    if (found.size() == limit || explained >= kEnough * cell.sum.difference()) break;
    if (!change.is_beyond_noise || change.difference() <= 0) continue;
    explained += change.difference();
    found.push_back(&change);
  }
  return found;
}

}  // namespace urb
