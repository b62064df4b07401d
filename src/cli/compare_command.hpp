// The options of `compare`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/flags.hpp"
#include "compare/profile_text.hpp"
#include "report/console.hpp"

namespace urb {

struct CompareOptions {
  std::string base;
  std::string next;
  std::string base_run;  ///< empty: all runs of the file
  std::string next_run;
  std::vector<std::string> metrics{"req/s", "cpu/req", "p99"};  ///< not yet known to exist
  double threshold_percent = 5;
  ProfileDetail by = ProfileDetail::cell;
  std::size_t limit = 20;  ///< functions of a cell that are shown; 0: all
  bool markdown = false;
  bool accept_disturbed = false;
  std::optional<std::string> json;
  ColorChoice color = ColorChoice::automatic;
};

/// The same for files of profiles, which have instructions for their only metric. Their texts are
/// `base` and `next`. Returns the exit code.
[[nodiscard]] int compare_profile_texts(const CompareOptions& options, const std::string& base,
                                        const std::string& next);

void declare_compare(Flags& flags, CompareOptions& options);

}  // namespace urb
