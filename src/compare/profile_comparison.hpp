// Profiles of two files → which cell, subsystem and function executes more instructions in one than
// in the other. Pure.
//
// Counts are nearly exact: boots of one kernel differ by some tenths of a percent, and not by
// chance alone, but in steps (one timer interrupt more, one page from another list). So no test of
// ranks decides. A change is more than noise where the medians are further apart than the two
// ranges over the boots together. One boot alone has no range. Then kOneBootNoise of the cell is
// taken for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compare/profile_cells.hpp"

namespace urb {

/// The share of a cell within which two boots of one kernel agree.
inline constexpr double kOneBootNoise = 0.005;

/// Of a cell, a subsystem or a function: instructions of a request.
struct CountChange {
  std::string name;
  std::string subsystem;     ///< of a function; "copy → page allocator" where it has moved
  std::vector<double> base;  ///< a boot each
  std::vector<double> next;
  double base_median = 0;
  double next_median = 0;
  bool is_beyond_noise = false;
  [[nodiscard]] double difference() const noexcept { return next_median - base_median; }
};

struct ProfileCellChange {
  std::string cell;
  CountChange sum;
  std::vector<CountChange> subsystems;  ///< the largest change first
  std::vector<CountChange> functions;   ///< the same
  bool beyond_threshold = false;        ///< the sum grew by more, and by more than noise
  /// What a difference is of all that the base's request executes, as a fraction.
  [[nodiscard]] double share_of_base(double difference) const noexcept {
    return sum.base_median > 0 ? difference / sum.base_median : 0;
  }
};

/// Where profiles came from, as far as a reader has to know.
struct ProfileSource {
  std::string name;                  ///< of the file
  std::vector<std::string> kernels;  ///< releases
  std::vector<std::string> runs;     ///< run_ids, in order of appearance
  std::size_t boots = 0;             ///< of the cell that has the fewest
  std::size_t row_count = 0;
};

struct ProfileComparison {
  ProfileSource base;
  ProfileSource next;
  std::vector<ProfileCellChange> cells;
  std::vector<std::string> base_only;  ///< cells
  std::vector<std::string> next_only;
  std::vector<std::string> notes;  ///< what else differs: compiler, configuration, processor
  double threshold_percent = 0;
  [[nodiscard]] bool found_regression() const noexcept;
};

/// Throws UsageError, with the remedy, when the two cannot be compared: no rows, no common cell,
/// different `method`.
[[nodiscard]] ProfileComparison compare_profiles(const ProfileSide& base, const ProfileSide& next,
                                                 double threshold_percent);

/// The functions that make up the growth of a cell: those that grew by more than noise, the largest
/// first, until they are four fifths of it, and `limit` at most.
[[nodiscard]] std::vector<const CountChange*> find_growth(const ProfileCellChange& cell,
                                                          std::size_t limit);

}  // namespace urb
