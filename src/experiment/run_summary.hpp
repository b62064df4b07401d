// What is said at the end of a run about its rounds.
#pragma once

#include <string>

#include "experiment/runner.hpp"
#include "row/json_report.hpp"

namespace urb {

/// A line for each group that was compared: what precision was reached, and after how much.
[[nodiscard]] std::string describe_precision(const RunResult& result, const RoundRules& rules);
/// The same for `--json`.
[[nodiscard]] JsonRounds rounds_json(const RunResult& result, const RoundRules& rules);
/// The first cell that has a trial without figures, and why; empty when all have some.
[[nodiscard]] std::string first_failure(const RunResult& result);
/// What is to be done where every trial of a cell was disturbed; empty when there is no such cell.
[[nodiscard]] std::string describe_disturbed(const RunResult& result);

}  // namespace urb
