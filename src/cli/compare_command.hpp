// The options of `compare`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/flags.hpp"
#include "report/console.hpp"

namespace urb {

struct CompareOptions {
  std::string base;
  std::string next;
  std::string base_run;  ///< empty: all runs of the file
  std::string next_run;
  std::vector<std::string> metrics{"req/s", "cpu/req", "p99"};  ///< not yet known to exist
  double threshold_percent = 5;
  bool markdown = false;
  bool accept_disturbed = false;
  std::optional<std::string> json;
  ColorChoice color = ColorChoice::automatic;
};

void declare_compare(Flags& flags, CompareOptions& options);

}  // namespace urb
